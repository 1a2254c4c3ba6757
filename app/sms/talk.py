"""One turn while it is being answered: the state, what was said, the tools, and what is said back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from app.booking.business import Business
from app.booking.zones import local_date
from app.sms import phrases, spanish
from app.sms.day_names import MONTHS, WEEKDAYS
from app.sms.ground import Ground, ground
from app.sms.not_asked import CAME, NO_SHOW, WAS_HERE, in_danger
from app.sms.other_languages import CALL_ABROAD
from app.sms.state import IDLE, Booked, State, Step
from app.sms.turn import Conversation
from app.sms.vocabulary import BESIDES, IT, PERSON
from app.sms.words import Intent, Said

MAX_REASON_CHARS = 300
_CALL = r"\bcall(?: ?(?:me|us|back|please|pls|any ?time|some ?time|again))*"
_CALL_THEN = re.compile(
    rf"{_CALL} (?:at|after|past|from|between|around|about|in the)\b|"
    r"\bll[aá]m\w+(?: por favor)? (?:a las?|despu[eé]s|entre|desde|por la|en la|esta)\b"
)
"""The time beside it is the call's."""
_CALL_WITHIN = re.compile(
    rf"(?:{_CALL}|\bll[aá]m\w+(?: por favor)?) (?:(?:in|on|over|during|early|late|the|this|next|coming) )*"
    rf"(?:week|month|{'|'.join((*MONTHS, *WEEKDAYS))})s?\b"
    rf"|{CALL_ABROAD}"
)
"""So are the days: where several can be meant, the first, which the customer reads then."""
MOST_MISSES = 3
"""Texts in a row that are answered although they were not understood: two machines would answer each other for ever."""
MAX_QUESTION_CHARS = 1_000
"""As many as the tool takes."""
MOST_QUESTIONS = 3
"""With more a person deals."""
ENDS = re.compile(r"(?<=[?])\s+|\n")
"""Where one question ends and another begins."""


class Ask(Protocol):
    """Carries out one tool call of a conversation; the result as the contract's JSON object."""

    async def __call__(
        self,
        conversation: Conversation,
        session: str,
        tool: str,
        arguments: Mapping[str, Any],
        tool_call_id: str,
    ) -> Mapping[str, Any]:
        """The same ids get the same answer again. Never raises for what a tool refuses."""


class Decides(Protocol):
    """Puts a change before a person."""

    async def __call__(self, talk: "Talk", tool: str, arguments: Mapping[str, Any]) -> None:
        """The same wish, put again while it waits, is one. Raises a `ReadbackError` when nobody can be asked."""

    async def is_open(self, conversation: Conversation) -> bool:
        """Whether anything of theirs is still to be decided. Never raises."""

    async def booked_since(self, talk: "Talk") -> Booked | None:
        """The visit of the same service that a person approved since the question was asked. Never raises."""


@dataclass
class Talk:
    """A turn. `now` is when its newest text came, epoch seconds; `newest` that text's id."""

    conversation: Conversation
    business: Business
    state: State
    said: Said
    now: int
    newest: str
    tools: Ask
    decides: Decides | None = None
    """Who decides about what the business has reviewed."""
    early: bool = False
    """Whether some of it came before what was asked last was asked."""
    ground: Ground | None = None
    """Held, so that nothing is read twice in this turn."""
    told: bool = False
    """Whether the turn before told what is booked."""
    replies: list[str] = field(default_factory=list)
    missed: bool = False
    of_several: bool = False
    """Whether `state.last` is but the next of several visits, none of which was spoken of yet."""
    passed_on: bool = False
    """Whether a person was asked for, or the documents were."""
    calls: int = 0
    led_from: int = 0
    """The reply that a `lead` goes before."""

    @property
    def today(self) -> date:
        return local_date(self.business.zone, self.now)

    async def ask(self, tool: str, **arguments: Any) -> Mapping[str, Any]:
        """Call a tool. The id follows from the newest text, so that a turn run again gets the same answers."""
        self.calls += 1
        given = {name: value for name, value in arguments.items() if value not in (None, "")}
        return await self.tools(self.conversation, self.state.session, tool, given, f"{self.newest}:{self.calls}")

    def say(self, text: str, rest: str = "") -> None:
        """Say it, and `rest` where there is room."""
        self.replies.append(phrases.fit(text, rest))

    def lead(self, text: str) -> None:
        """Say it before what is said already."""
        at = self.led_from
        self.replies[at : at + 1] = [phrases.fit(f"{text} {reply}") for reply in self.replies[at : at + 1]]

    def question(self) -> str:
        """What was asked last, once more."""
        state, business, today = self.state, self.business, self.today
        if state.language == spanish.LANGUAGE and (asked := spanish.question(business, state, today)):
            return asked
        if state.step is Step.SERVICE:
            return phrases.which_service(business.services_said())
        if state.step is Step.WHICH_DAY:
            return phrases.which_of(state.wanted.days, today)
        if state.step is Step.TIME:
            return phrases.offer(business, state.slots, today)
        if state.step is Step.NAME:
            return phrases.YOUR_NAME
        if state.step is Step.CONFIRM and state.slot is not None:
            return confirmation(self)
        if state.step is Step.WHICH:
            return phrases.which_appointment(business, state.appointments, today)
        if state.step is Step.CONFIRM_CANCEL and state.appointment is not None:
            what = phrases.appointment(business, state.appointment, today)
            return f"Cancel {what}? Reply YES to cancel it, NO to keep it."
        return phrases.WHICH_DAY if state.step is Step.DAY else phrases.HOW

    def moment(self, when: datetime) -> str:
        """A time as it is asked about."""
        if self.state.language == spanish.LANGUAGE:
            return spanish.moment(when, self.today)
        return phrases.moment(when, self.today, self.business.zone)

    async def misunderstood(self, lead: str = phrases.SORRY) -> None:
        """Ask again; after two in a row a person takes over, and then nothing keeps answering an answering machine."""
        if self.state.misses:
            await self.unread("" if self.state.promised else phrases.NOT_UNDERSTOOD)
            return
        self.missed, self.state.misses = True, 1
        self.state.unread = self.said.text[:MAX_REASON_CHARS]
        self._again(lead)

    async def unread(self, why: str) -> None:
        """These words go to a person, and those before them that were not understood. Without a `why` the customer only
        hears that the call stands.
        """
        self.missed, self.state.misses = True, self.state.misses + 1
        said = len(self.replies)
        if await self.person(why) and (self.state.misses > MOST_MISSES or not why):
            self.replies[said:] = [] if self.state.misses > MOST_MISSES else [phrases.ALREADY_PROMISED]

    def _again(self, lead: str) -> None:
        said = self.said
        if self.state.step is Step.DONE:
            self.state.step = Step.INVITED
        if said.pictures:
            self.say(phrases.PICTURE, self.question())
        elif self.state.language == spanish.LANGUAGE:
            self.say(f"{spanish.SORRY} {self.question()}")
        elif said.foreign:
            self.say(phrases.ONLY_ENGLISH, self.question())
        elif said.rude:
            self.say(phrases.RUDE, self.question())
        else:
            self.say(f"{lead} {self.question()}".strip())

    async def quoted(self) -> bool:
        """Answer out of the business's documents, or promise that somebody will; False where there are none."""
        questions = self._questions()
        if self.business.documents is None or len(questions) > MOST_QUESTIONS:
            return False
        self.passed_on = True
        resting = self._resting()
        answers: list[str] = []
        for question in questions:
            result = await self.ask("answer_question", question=question[:MAX_QUESTION_CHARS])
            promised = "reference" in result
            if not result["ok"] and not promised:
                return False
            if promised:
                self.state.promised, self.state.promised_in = True, self.state.session
                when = phrases.moment(datetime.fromisoformat(result["due"]), self.today)
                answers.append(f"{phrases.PASSED_ON} {phrases.CALLED_BY.format(when=when)}")
            else:
                answers.append(result["say"])
        *others, last = dict.fromkeys(answers)
        for answer in others:
            self.say(answer)
        self.say(last, resting)
        return True

    def _questions(self) -> list[str]:
        """What is asked, each question by itself, with the service that "it" is: "how much is it (Home inspection)"."""
        state = self.state
        service = self.business.service(state.service or (state.last.service if state.last else ""))
        asked = self.said.question or self.said.text
        each = [part.strip() for part in ENDS.split(asked) if part.strip()]
        apart = self.said.question or all(part.endswith("?") for part in each)
        return [
            f"{part} ({service.name})" if service and IT.search(part.lower()) else part
            for part in (each if apart else [asked])
        ]

    async def person(self, why: str = "") -> bool:
        """A person calls, and the customer hears when. False: none could be asked for, which has been said then."""
        self.passed_on = True
        seen = "a picture, without words" if not self.said.text else " (with a picture)" if self.said.pictures else ""
        words = (self.state.unread, f"{self.said.text[:MAX_REASON_CHARS]}{seen}")
        danger = phrases.IN_DANGER if in_danger(self.said.whole.lower()) else ""
        reason = "\n".join(f"By text: {each}" for each in words if each)
        self.state.unread = ""
        when = self.call_at() if self.said.intent is Intent.PERSON else ""
        result = await self.ask("request_callback", reason=reason, when=when)
        wished = ""
        if not result["ok"] and when:
            result = await self.ask("request_callback", reason=reason)
            wished = phrases.WISHED if PERSON.search(self.said.text.lower()) else ""
        if not result["ok"]:
            self.say(f"{danger} {phrases.no_call(self.conversation.line)}".strip())
            return False
        self.state.promised, self.state.promised_in = True, self.state.session
        if self.state.step is Step.INVITED:
            self.state.step = Step.DONE
        self.say(" ".join(filter(None, (danger, why, result["say"], wished))), self._resting())
        return True

    def _resting(self) -> str:
        """What is still to be answered, if anything is and it has not just been asked."""
        return "" if self.state.step in IDLE or self.replies else self.question()

    def call_at(self) -> str:
        """When they ask to be called, as the tool takes it; empty: at once, also where it cannot wait."""
        when, low = self.said.when, self.said.text.lower()
        if CAME.search(low):  # "you came Monday, call me at 3"
            calls = [part for part in BESIDES.split(low) if PERSON.search(part) and not CAME.search(part)]
            if calls or WAS_HERE.search(low):  # unlike "he said to call me Monday at 3"
                when = ground(self.business, self.now).when(calls[-1] if calls else "")[0]
        days = when.days or ((self.today,) if when and _CALL_THEN.search(low) else ())
        several = (len(days) != 1 or when.length != 1) and not _CALL_WITHIN.search(low)
        if when.barred:  # "next week, not Monday"
            within = (day + timedelta(days=n) for day in days for n in range(when.length))
            days = tuple(day for day in within if day.weekday() not in when.barred)
        if not days or several or NO_SHOW.search(low) or in_danger(low):
            return ""
        after = when.clock.after
        if minutes := when.clock.minutes or (() if after is None else (after,)):
            # Of two halves of the day the tool takes the one that is open.
            hour, minute = divmod(minutes[0], 60)
            half = "" if len(minutes) > 1 else " am" if hour < 12 else " pm"
            return f"{days[0].isoformat()} at {hour % 12 or 12}:{minute:02d}{half}"
        return f"{days[0].isoformat()} {when.part}".strip()


def confirmation(talk: Talk) -> str:
    """What is about to be done, in full, to be confirmed."""
    state, slot = talk.state, talk.state.slot
    if slot is None:
        return talk.question()
    what = phrases.visit(talk.business, state.service, slot.who, slot.starts, talk.today)
    if state.appointment is not None:
        old = phrases.moment(state.appointment.starts, talk.today, talk.business.zone)
        return f"Move your visit from {old} to: {what}? Reply YES to move it, NO to keep it."
    stays = f" Your visit on {phrases.moment(state.stays.starts, talk.today)} stays." if state.stays else ""
    return f"{what}{phrases.whom(state.name)}.{stays} Reply YES to book it, or text another time."
