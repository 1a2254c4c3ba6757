"""`make demo`: a whole phone call, both sides of it, in the terminal.

Sends what Vapi sends to the server that runs on READBACK_HOST:READBACK_PORT; if none answers there, to one it starts
itself, with a throw-away database and the demo business. Ends with 0 only if everything came out as it should.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import env_file
from demo_line import Answer, Call, DemoError, Line, answers, free_port
from demo_stage import Stage
from demo_texts import Carrier, TextPlay
from first_run import UNSPECIFIED

sys.path.insert(0, str(env_file.ROOT))

from demo_calendar import Phones

from app.booking.business import Business, Businesses, Service
from app.booking.business_file import load_businesses
from app.errors import ConfigurationError
from app.settings import load

WORKED, FAILED = 0, 1
START_WITHIN_S = 60.0
LOOK_DAYS = 31
"""The longest stretch one question may cover."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SAM = {"customer_name": "Sam Rivera", "email": "sam dot rivera at example dot com", "address": "12 Oak Street"}
ALEX = {"customer_name": "Alex Morgan"}


def main() -> int:
    """Play the call, then the texts; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--call-only", action="store_true", help="leave out the text conversation")
    asked = parser.parse_args()
    stage = Stage(sys.stdout)
    try:
        with contextlib.ExitStack() as stack:
            carrier = stack.enter_context(Carrier())
            line, business, phones, texts = _server(stack, stage, carrier)
            Play(stage, line, business, phones).play()
            if asked.call_only:
                return WORKED
            if texts is None:
                stage.note("Your server may text real people, so texts are played on one that is started for them.")
                texts, business = _texts_apart(stack, stage, carrier)
            if business.lines:
                texts.play(business.name, business.services[0].name.lower())
    except (DemoError, ConfigurationError) as error:
        stage.failed(str(error))
        return FAILED
    except KeyboardInterrupt:
        stage.failed("Stopped.")
        return FAILED
    return WORKED


def _server(
    stack: contextlib.ExitStack, stage: Stage, carrier: Carrier
) -> tuple[Line, Business, Phones, TextPlay | None]:
    """A way to speak to a server, the business that is called, its technicians' phones, and texting on our own."""
    environ = env_file.merged(os.environ) if env_file.FILE.exists() else dict(os.environ)
    os.chdir(env_file.ROOT)
    settings = load(environ)
    host = UNSPECIFIED.get(settings.host, settings.host)
    known = bool(settings.vapi_secrets or settings.vapi_hmac_secrets)
    own = not (known and answers(host, settings.port))
    if not own:
        stage.note(f"Calling the server on {host}:{settings.port}.")
    else:
        environ = stack.enter_context(_own_server(carrier.variables))
        settings = load(environ)
        host = settings.host
        stage.note("No server of yours answers, so this plays on one started for it, with the demo business.")
    businesses = load_businesses(settings.businesses, settings.daily_call_caps)
    business = _bookable(businesses)
    line = Line(host, settings.port, settings.vapi_secrets, settings.vapi_hmac_secrets)
    number = business.lines[0] if business.lines else ""
    texts = TextPlay(stage, carrier, (host, settings.port), number) if own else None
    return line, business, Phones(line, settings.database_url, businesses, business), texts


def _texts_apart(stack: contextlib.ExitStack, stage: Stage, carrier: Carrier) -> tuple[TextPlay, Business]:
    """Texting on a server of its own, and the demo business that is texted."""
    settings = load(stack.enter_context(_own_server(carrier.variables)))
    business = _bookable(load_businesses(settings.businesses, settings.daily_call_caps))
    return TextPlay(stage, carrier, (settings.host, settings.port), business.lines[0]), business


def _bookable(businesses: Businesses) -> Business:
    business = next((b for b in businesses.by_id.values() if b.services and b.technicians), None)
    if business is None:
        raise DemoError("No business has both a service and a technician, so there is nothing to book.")
    return business


@contextlib.contextmanager
def _own_server(texting: dict[str, str]) -> Iterator[dict[str, str]]:
    """A server for this call alone; its environment."""
    folder = Path(tempfile.mkdtemp(prefix="readback-demo-"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("READBACK_")}
    environ = kept | {
        "READBACK_HOST": "127.0.0.1",
        "READBACK_PORT": str(free_port()),
        "READBACK_DATABASE_URL": f"sqlite:///{folder}/demo.db",
        "READBACK_BUSINESSES": str(env_file.ROOT / "infra" / "businesses" / "demo.toml"),
        "READBACK_VAPI_SECRETS": secrets.token_urlsafe(24),
        **texting,
    }
    log = folder / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "app", "serve"]
        process = subprocess.Popen(command, cwd=env_file.ROOT, env=environ, stdout=output, stderr=output)
    try:
        if not answers("127.0.0.1", int(environ["READBACK_PORT"]), START_WITHIN_S, lambda: process.poll() is None):
            last = (log.read_text(encoding="utf-8", errors="replace").splitlines() or ["it says nothing"])[-1]
            raise DemoError(f"The server that was started for this does not serve: {last}")
        yield environ
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


class Play:
    """The call, scene by scene. Raises `DemoError` where something comes out other than it should."""

    def __init__(self, stage: Stage, line: Line, business: Business, phones: Phones) -> None:
        self._stage = stage
        self._business = business
        self._phones = phones
        self._owed: tuple[Call, str] | None = None
        """Who has to cancel which booking, so that the calendar is left as it was found."""
        number = business.lines[0] if business.lines else None
        self._sam = Call(line, "Caller", number)
        self._alex = Call(line, "2nd caller", number)

    def play(self) -> None:
        """From the ring to the report. Whatever comes of it, nothing that was booked is left on the calendar."""
        try:
            self._play()
        finally:
            if self._owed is not None:
                call, reference = self._owed
                with contextlib.suppress(DemoError):
                    call.ask(("cancel_appointment", {"reference": reference}))

    def _play(self) -> None:
        self._stage.title(f"A call to {self._business.name}")
        self._ring(self._sam)
        service, slots = self._first_question()
        slot = self._the_day(service, slots)
        winner, loser, booked = self._both_at_once(service, slot)
        self._said_twice(winner, booked)
        self._looked_up(winner, booked)
        self._on_the_calendar(winner, booked)
        booked = self._moved(winner, service, booked)
        self._cancelled(winner, booked)
        for call in (winner, loser):
            self._hang_up(call)
        self._stage.done(
            f"The call came out as it should. {booked['reference']} was booked, moved and cancelled, and the calendar "
            "is as it was found."
        )

    def _ring(self, call: Call) -> None:
        """The platform asks who answers; then the call is in progress."""
        answer, ms = call.message("assistant-request")
        if "destination" in answer:
            raise DemoError("The daily call cap is reached: callers are sent to a person, so nothing can be played.")
        _check("assistantId" in answer or "error" in answer, "An assistant-request must be answered.")
        self._stage.event("assistant-request", "answered" if "assistantId" in answer else "no assistant set up", ms)
        answer, ms = call.message("status-update", status="in-progress")
        _check(answer == {}, "A status-update is owed an empty object.")
        self._stage.event("status-update in-progress", "noted", ms)

    def _first_question(self) -> tuple[Service, list[Any]]:
        """The next open times, however far they are."""
        for service in self._business.services:
            self._stage.says("Caller", f"Hi! When could somebody come by for a {service.name.lower()}?")
            asked: dict[str, Any] = {"service": service.id}
            for question in (asked, *(asked | days for days in self._later())):
                found = self._ask(self._sam, ("check_availability", question))[0]
                _check(found.ok, f"A lookup must find open times or say that there are none, not: {found.say}")
                self._stage.says("Agent", found.say)
                if found.slots:
                    return service, found.slots
                self._stage.says("Caller", "And after that?")
        days = self._business.booking_window_days
        raise DemoError(f"Nothing is free in the next {days} days, so nothing can be booked.")

    def _later(self) -> Iterator[dict[str, str]]:
        """The rest of the booking window, a question's length at a time."""
        today = datetime.now(self._business.zone).date()
        last = today + timedelta(days=self._business.booking_window_days)
        first = today + timedelta(days=7)
        while first <= last:
            until = min(first + timedelta(days=LOOK_DAYS - 1), last)
            yield {"date": first.isoformat(), "date_to": until.isoformat()}
            first = until + timedelta(days=1)

    def _the_day(self, service: Service, slots: list[Any]) -> Any:
        """The caller mixes up the weekday, is put right, and asks two things at once."""
        day = date.fromisoformat(slots[0]["start"][:10])
        right, wrong = DAYS[day.weekday()], DAYS[(day.weekday() + 2) % 7]
        asked = {"service": service.id, "date": day.isoformat()}
        self._stage.says("Caller", f"The {_nth(day.day)}, that is a {wrong}, isn't it?")
        mistaken = self._ask(self._sam, ("check_availability", asked | {"weekday": wrong.lower()}))[0]
        _check(mistaken.code == "invalid_arguments" and right in mistaken.say, "A wrong weekday must be put right.")
        self._stage.says("Agent", mistaken.say)
        self._stage.says("Caller", f"Right, {right}. What have you got, and did I book anything already?")
        found, own = self._ask(
            self._sam,
            ("check_availability", asked | {"weekday": right.lower()}),
            ("find_appointments", {}),
        )
        _check(found.ok and own.ok and "appointments" in own.result, "Two tools at once must both be answered.")
        self._stage.says("Agent", f"{found.say} {own.say}")
        if not found.slots:
            raise DemoError("Somebody was faster and took the last time of that day; please run it once more.")
        return found.slots[0]

    def _both_at_once(self, service: Service, slot: Any) -> tuple[Call, Call, dict[str, Any]]:
        """Two callers were offered one time and take it in the same instant; exactly one of them gets it."""
        self._stage.scene("A second caller rings and is offered the same time.")
        self._ring(self._alex)
        offer = {"service": service.id, "date": slot["start"][:10], "technician": slot["technician"], "limit": 50}
        seen = self._ask(self._alex, ("check_availability", offer))[0]
        same = next((other for other in seen.slots if other["start"] == slot["start"]), None)
        if same is None:
            raise DemoError("Somebody else took that time just now; please run it once more.")
        self._stage.says("2nd caller", "I'll take the first one. Alex Morgan.")
        self._stage.says("Caller", "The first one, please. Sam Rivera, sam dot rivera at example dot com.")
        wishes = [(self._sam, slot, SAM), (self._alex, same, ALEX)]
        got = _together(
            [partial(call.ask, ("book_appointment", {"slot_id": at["slot_id"], **who})) for call, at, who in wishes]
        )
        both = [(call, found[0]) for (call, _, _), found in zip(wishes, got, strict=True)]
        for call, found in both:
            self._stage.event(f"{call.who}: book_appointment", found.outcome, found.ms)
        won = [(call, found) for call, found in both if found.result.get("outcome") == "confirmed"]
        lost = [(call, found) for call, found in both if found.code == "slot_taken"]
        if len(lost) == len(both):
            raise DemoError("Somebody else took that time just now; please run it once more.")
        _check(len(won) == 1 and len(lost) == 1, f"Of two callers one must get the time, not {len(won)}.")
        (winner, booked), (loser, refused) = won[0], lost[0]
        self._owed = winner, booked.result["reference"]
        self._stage.says("Agent", booked.say, to=winner.who)
        self._stage.says("Agent", refused.say, to=loser.who)
        starts = [(other["start"], other["technician"]) for other in refused.slots]
        _check((slot["start"], slot["technician"]) not in starts, "A time that is taken must not be offered again.")
        return winner, loser, booked.result

    def _said_twice(self, call: Call, booked: dict[str, Any]) -> None:
        """The model calls the tool again, under a new id, as models do."""
        self._stage.scene("The model, not sure it was heard, asks for the same booking again.")
        again = call.repeat()[0]
        self._stage.event("book_appointment, new id", again.outcome, again.ms)
        same = again.result.get("reference") == booked["reference"]
        _check(same and again.ok, "The same booking asked for again must get the first answer, not a second booking.")
        self._stage.note(f"Still one booking: {booked['reference']}.")

    def _looked_up(self, call: Call, booked: dict[str, Any]) -> None:
        self._stage.says(call.who, "And could you read me back what I have now?")
        found = self._ask(call, ("find_appointments", {}))[0]
        mine = [one for one in found.result.get("appointments", []) if one["reference"] == booked["reference"]]
        _check(len(mine) == 1 and mine[0]["start"] == booked["start"], "What was booked must be found again.")
        self._stage.says("Agent", found.say)

    def _moved(self, call: Call, service: Service, booked: dict[str, Any]) -> dict[str, Any]:
        """The caller wants another time with the same technician; what is booked from then on."""
        self._stage.says(call.who, "Something has come up. Is there another time, with the same person?")
        asked = {"service": service.id, "technician": booked["technician"]}
        for question in (asked | {"date": booked["start"][:10]}, asked):
            found = self._ask(call, ("check_availability", question))[0]
            if found.slots:
                break
        self._stage.says("Agent", found.say)
        if not found.slots:
            self._stage.says(call.who, "Then I'll leave it where it is.")
            return booked
        slot = found.slots[-1]
        self._stage.says(call.who, "The last one, please.")
        answer = self._ask(
            call, ("reschedule_appointment", {"reference": booked["reference"], "slot_id": slot["slot_id"]})
        )[0]
        if answer.code == "slot_taken":
            raise DemoError("Somebody else took that time just now; please run it once more.")
        moved = answer.result
        held = moved.get("outcome") == "confirmed" and moved.get("reference") == booked["reference"]
        _check(held and moved["start"] == slot["start"], f"An open time must be moved to, not: {answer.say}")
        self._stage.says("Agent", answer.say)
        self._on_the_calendar(call, moved)
        return moved

    def _cancelled(self, call: Call, booked: dict[str, Any]) -> None:
        self._stage.says(call.who, "Thinking of it, I'd rather call off the visit altogether.")
        answer = self._ask(call, ("cancel_appointment", {"reference": booked["reference"]}))[0]
        _check(answer.result.get("outcome") == "confirmed", f"An appointment must be cancelled, not: {answer.say}")
        self._owed = None
        self._stage.says("Agent", answer.say)
        self._on_the_calendar(call, booked, there=False)

    def _on_the_calendar(self, call: Call, booked: dict[str, Any], *, there: bool = True) -> None:
        """What is really there: on the technician's phone, else as the product finds it."""
        person = self._business.technician(booked["technician"])
        name, reference = person.name if person else booked["technician"], booked["reference"]
        visits = self._phones.shown(booked["technician"], reference)
        if visits is not None:
            self._stage.scene(f"What {name}'s phone shows of {reference}:")
            shown = [(visit.start, str(visit)) for visit in visits]
        else:
            self._stage.scene(f"What Readback finds of {reference}, as {name}'s calendar is kept elsewhere:")
            own = self._ask(call, ("find_appointments", {}))[0].result.get("appointments", [])
            mine = [one for one in own if one["reference"] == reference]
            shown = [(datetime.fromisoformat(one["start"]), f"{one['start']}  {one['service']}") for one in mine]
        self._stage.lines(*(text for _, text in shown) if shown else ("nothing",))
        wanted = [datetime.fromisoformat(booked["start"])] if there else []
        _check([start for start, _ in shown] == wanted, "The calendar must show what the caller was told.")

    def _hang_up(self, call: Call) -> None:
        answer, ms = call.message("end-of-call-report", endedReason="customer-ended-call")
        _check(answer == {}, "An end-of-call-report is owed an empty object.")
        self._stage.event(f"{call.who}: end-of-call-report", "stored", ms)

    def _ask(self, call: Call, *tools: tuple[str, dict[str, Any]]) -> list[Answer]:
        """One message; under what was said stands what was called, how long it took, and what came of it."""
        found = call.ask(*tools)
        for (name, _), answer in zip(tools, found, strict=True):
            self._stage.event(name, answer.outcome, answer.ms)
            if answer.code == "daily_cap":
                raise DemoError("The daily call cap is reached, so nothing can be played.")
        return found


def _together(work: list[Callable[[], Any]]) -> list[Any]:
    """Do everything in the same instant; the results in order. Raises what the first that failed raised."""
    results: list[Any] = [None] * len(work)
    gate = threading.Barrier(len(work))

    def run(index: int) -> None:
        gate.wait()
        try:
            results[index] = work[index]()
        except DemoError as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, DemoError):
            raise result
    return results


def _check(holds: bool, owed: str) -> None:
    if not holds:
        raise DemoError(f"This did not come out as it should. {owed}")


def _nth(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


if __name__ == "__main__":
    sys.exit(main())
