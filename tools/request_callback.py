"""Promise a callback at a time when somebody is there, and have it followed until it is done. Guesses no number."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.booking.business import Business
from app.booking.callback_time import CallbackTime, callback_time
from app.booking.contact import is_own, one_line, phone_of, several_lines
from app.booking.front import Front
from app.booking.speech import local_iso, spell, spoken_clock, spoken_day, spoken_end
from app.booking.zones import local_date, today
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult
from app.errors import Code, SaidError
from app.promises.callbacks import Callback, promised

NO_PHONE = (
    "I don't see the number this call comes from. Ask the caller for the phone number to call back, and try again."
)
UNREADABLE = "That is no phone number I can read. Ask the caller for it again, with the area code, and try again."


class Arguments(ToolArguments):
    """Why, where and when to call."""

    private: ClassVar[frozenset[str]] = frozenset({"reason", "phone"})

    reason: Annotated[str, Field(min_length=1, max_length=1000, description="What the caller wants, in a sentence")]
    phone: Annotated[str | None, Field(max_length=64, description="Only if not the number they call from")] = None
    when: Annotated[
        str | None,
        Field(
            max_length=80,
            description="Only if the caller wants a certain time: today, tomorrow, a weekday or YYYY-MM-DD, with "
            "morning, afternoon, evening or a time such as 15:00",
        ),
    ] = None


def request_callback(front: Front) -> Tool[Arguments]:
    """The tool, over this front desk."""

    def identity(context: Context, arguments: Arguments) -> Any:
        # For another reason, or the same in other words, it is the same callback, but about those words too.
        return [_phone(context, arguments), _folded(arguments.when), _folded(arguments.reason)]

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        business, now = context.business, front.clock.now()
        time = callback_time(business, int(now), arguments.when)
        wanted = Callback(
            business=business.id,
            call_key=context.ref.key,
            phone=_phone(context, arguments),
            reason=several_lines(arguments.reason),
            asked=_folded(arguments.when),
            by=f"{in_words(time, business, int(now))} ({business.zone.key})",
            due=time.due,
        )
        found = await front.database.write(lambda t: promised(t, wanted, now=now))
        kept = time if found.due == time.due else CallbackTime(int(now), found.due)
        say = (
            f"Someone will call you back {in_words(kept, business, int(now))}. "
            f"The reference is {spell(found.reference)}."
        )
        return ToolResult(True, say, facts={"reference": found.reference, "due": local_iso(found.due, business.zone)})

    return Tool(
        name="request_callback",
        description="Promise that a person calls back. Tell the caller the time from the answer, and no other.",
        arguments=Arguments,
        run=run,
        changes_state=True,
        identity=identity,
    )


def _phone(context: Context, arguments: Arguments) -> str:
    """Where to call: the number given, else the one that calls. It says nothing about who the caller is."""
    caller = context.ref.caller or ""
    given = one_line(arguments.phone or "")
    given = "" if is_own(given) else given
    found = phone_of(given or None, context.business, "" if given else caller)
    if not found:
        raise SaidError(Code.INVALID_ARGUMENTS, UNREADABLE if given else NO_PHONE)
    return found


def in_words(time: CallbackTime, business: Business, now: int) -> str:
    """`at` a certain time, `by` the soonest, or `between` two times of a day."""
    zone = business.zone
    if time.earliest == time.due:
        return f"at {spoken_clock(time.due, zone)} on {_day(time.due, business, now)}"
    until = f"{spoken_end(time.due, zone)} on {_day(time.due - 1, business, now)}"
    return f"by {until}" if time.earliest <= now else f"between {spoken_clock(time.earliest, zone)} and {until}"


def _day(moment: int, business: Business, now: int) -> str:
    return spoken_day(local_date(business.zone, moment), today(business.zone, now))


def _folded(when: str | None) -> str:
    return " ".join((when or "").casefold().split())
