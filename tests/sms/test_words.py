"""What texts say: the yes that is one, the no inside it, the number meant, and what is no name."""

import time
from dataclasses import replace
from datetime import date

import pytest

from app.sms import ground, words
from app.sms.cleaning import cleaned
from app.sms.ground import Ground
from app.sms.words import Answer, Intent, Said, read

GROUND = Ground(
    date(2026, 11, 20), date(2027, 1, 19), frozenset(("home", "inspection")), technicians=frozenset(("dana", "lee"))
)


def said(*texts: str) -> Said:
    return read([(text, 0) for text in texts], GROUND)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes", Answer.YES),
        ("yep!!", Answer.YES),
        ("ok do it", Answer.YES),
        ("👍🏽", Answer.YES),
        ("sí", Answer.YES),
        ("no problem, yes", Answer.YES),
        ("no", Answer.NO),
        ("nope, another", Answer.NO),
        ("wait", Answer.NO),
        ("👎", Answer.NO),
        ("please don't", Answer.NO),
        ("I'll keep it", Answer.NO),
        ("yeap", Answer.YES),
        ('"yes"', Answer.YES),
        ("book", Answer.YES),
        ("book?", None),
        ("yes don't", Answer.UNSURE),
        ("yes, I can't", Answer.UNSURE),
        ("yes and no", Answer.UNSURE),
        ("yes?", None),
        ("yes if Dana comes", None),
        ("maybe", None),
        ("yesterday", None),
        ("nobody", None),
        ("Good morning", None),
        ("okra", None),
    ],
)
def test_yes_and_no(text: str, answer: Answer | None) -> None:
    assert said(text).answer is answer


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[(text, 2) for text in ("2", "#2", "2.", "the second", "2nd", "two please", "option 2", "dos", "2, Jane Roe")],
        *[(text, None) for text in ("1 or 2", "2pm", "12 Oak St", "5125550123", "-1", "the first available")],
        ("the last one", -1),
        ("let's do 3", 3),
        ("99", 99),
        ("nine", 9),
        ("does 9 work?", 9),
        ("I don't want the first one", None),
        ("3ish", None),
        ("keep the first, cancel the second", 2),
        ("cancel the second, keep the first", 2),
    ],
)
def test_numbers(text: str, number: int | None) -> None:
    assert said(text).number == number


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("cancel my appointment", Intent.CANCEL),
        ("please don't cancel my appointment", Intent.STATUS),
        ("what is your cancellation policy", Intent.QUESTION),
        ("can't make it tuesday, thursday?", Intent.MOVE),
        ("when can I get an appointment", Intent.BOOK),
        ("when is my appointment", Intent.STATUS),
        ("call me", Intent.PERSON),
        ("call me Jane", None),
        ("don't call me", None),
        ("how much is it", Intent.QUESTION),
        ("never mind", Intent.ABORT),
        ("nothing works", None),
        ("don't cancel, just move it", Intent.MOVE),
        ("make it 30 minutes later", Intent.MOVE),
        ("cancel tuesday, wednesday instead", Intent.MOVE),
        ("change of plans, need to cancel", Intent.CANCEL),
        ("undo that", Intent.CANCEL),
        ("I don't need my appointment anymore", Intent.CANCEL),
        ("no longer need tuesday", Intent.CANCEL),
        ("can you confirm?", Intent.STATUS),
        ("did it go through?", Intent.STATUS),
        ("put it in his name", Intent.QUESTION),
        ("do you cancel if it rains?", Intent.QUESTION),
        ("what happens if I cancel?", Intent.QUESTION),
        ("will you cancel my appointment?", Intent.CANCEL),
        ("good, leave the appointment where it is", Intent.STATUS),
        ("Yes the appointment stays", Intent.STATUS),
        ("will it hurt my dog", None),
        ("I was ripped off before, book an inspection tuesday", Intent.BOOK),
        ("let me talk to my wife", None),
        ("let me talk to a manager", Intent.PERSON),
        ("the bites hurt", None),
        ("Sue is my name", None),
    ],
)
def test_intents(text: str, intent: Intent | None) -> None:
    assert said(text).intent is intent


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("jane roe", "Jane Roe"),
        ("It's Dr. Jane O'Neill-Smith", "Dr. Jane O'Neill-Smith"),
        ("Núñez", "Núñez"),
        ("李小龙", "李小龙"),
        ("idk", ""),
        ("inspection", ""),
        ("tomorrow", ""),
        ("Jane 2", ""),
        ("why do you need that", ""),
        ("O'Brien-Smith, Mary Kate", "Mary Kate O'Brien-Smith"),
        ("Roe, Jane", "Jane Roe"),
        ("Thanks, Jane Roe", "Jane Roe"),
        ("Inspection, Jane Roe", "Jane Roe"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert said(text).alone == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("inspection tuesday at 9 for Bob Lee", "Bob Lee"),
        ("for Bob Smith at 9", "Bob Smith"),
        ("for Mary Ann Smith Tuesday at 9", "Mary Ann Smith"),
        ("inspection tuesday 9 for Dana Lee", ""),
        ("for Home Inspection at 9", ""),
        ("for my mom", ""),
    ],
)
def test_whom_it_is_for(text: str, name: str) -> None:
    assert said(text).name == name


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("free of charge? tuesday 9", "free of charge?"),
        ("how much is it and can you come tuesday?", "how much is it"),
        ("do I need to be home? my name is Jane Roe", "do I need to be home?"),
        ("tuesday 9, is that ok?", ""),
        ("tuesday? anything after 3?", ""),
        ("how much is it", ""),
        ("are you licensed?", ""),
    ],
)
def test_what_is_asked_beside_something_else(text: str, question: str) -> None:
    assert said(text).question == question


@pytest.mark.parametrize(
    ("texts", "intents"),
    [
        (("cancel tuesday and book wednesday 10",), (Intent.CANCEL, Intent.BOOK)),
        (("book wednesday 10 and cancel tuesday",), (Intent.CANCEL, Intent.BOOK)),
        (("cancel my appointment", "book wednesday at 10"), (Intent.CANCEL, Intent.BOOK)),
        (("yes. also cancel wednesday",), (None, Intent.CANCEL)),
        (("yes, book wednesday",), (None, Intent.BOOK)),
        (("cancel and rebook wednesday",), (Intent.MOVE, None)),
        (("book wednesday", "cancel"), (Intent.CANCEL, None)),
        (("cancel my appointment and call me",), (Intent.PERSON, None)),
    ],
)
def test_two_requests(texts: tuple[str, ...], intents: tuple[Intent | None, Intent | None]) -> None:
    read_as = said(*texts)
    assert (read_as.intent, read_as.next and read_as.next.intent) == intents


def test_the_tuesday_one_is_no_hour() -> None:
    assert said("cancel the tuesday one").when == said("cancel the tuesday visit").when


def test_what_is_said_later_replaces_what_was_said() -> None:
    both = said("tuesday, 2", "actually thursday")
    assert (both.when.days, both.number) == ((date(2026, 11, 26),), None)
    assert said("yes", "no").answer is Answer.NO


def test_what_cannot_be_seen_is_gone() -> None:
    assert cleaned("\u200by\u0000e\u202es\ufeff  \n ‘ok’ ２") == "y es\n'ok' 2"


@pytest.mark.parametrize("text", ["Will May", "Sunday Okafor", "Mae Person", "April Jones", "August Friday Wilson."])
def test_a_name_made_of_other_words_is_seen_as_one(text: str) -> None:
    assert said(text).titled == text.strip(".")


@pytest.mark.parametrize(
    "text",
    ["Tuesday Morning", "sunday okafor", "Next Friday", "Talk Person", "Real Person", "Person", "Cancel Friday",
     "MAY TUESDAY", "Dec 3", "No Thanks", "Book Tuesday", "Any Time Tuesday Works For Me"],
)  # fmt: skip
def test_what_is_none_is_not(text: str) -> None:
    assert said(text).titled == ""


@pytest.mark.parametrize(
    "text",
    [
        "yes, keep it",
        "ok leave it",
        "yes I'll be there",
        "sure, see you then",
        "y do you want to cancel it",
        "Ok forget it",
        "ok I changed my mind",
        "Ok I booked elsewhere",
        "ok I will think about it",
        "ok let me ask my wife",
        "sure, let me check and get back to you",
        "ok, thanks, I'll call instead",
        "yeah right, too expensive",
        "ok too late for me",
        "yes, wrong person",
        "k bye",
        "yes but make it 10",
    ],
)
def test_a_yes_that_turns_into_something_else_is_none(text: str) -> None:
    assert said(text).answer is Answer.UNSURE


@pytest.mark.parametrize(
    "text", ["yes book it", "Yes, Sam Lee", "yes tuesday at 9 is good", "ok perfect thank you so much"]
)
def test_a_yes_with_more_of_the_same_is_one(text: str) -> None:
    assert said(text).answer is Answer.YES


def test_what_nothing_can_follow_is_not_read_with_what_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[str] = []
    one = words._read
    monkeypatch.setattr(words, "_read", lambda text, ground: (parts.append(text), one(text, ground))[1])
    read([("ants and " * 20, 0)], replace(GROUND))
    assert len(parts) <= words.MAX_BETWEENS + 2


def test_each_part_of_a_text_is_looked_at_for_a_time_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    one = ground.read_when
    monkeypatch.setattr(ground, "read_when", lambda text, *days: (looked.append(text), one(text, *days))[1])
    read([("yes and my wife, and tuesday at ten, Ann Lee, and wednesday, is a dog ok?", 0)], replace(GROUND, _read={}))
    assert looked
    assert len(looked) == len(set(looked))


@pytest.mark.parametrize(
    "words", ["adios ", "lets ", "ill ", "i'll let's ", "what?? ", "no?? ", "uhhm ", "ok yes?? what "]
)
def test_no_text_takes_long_to_read(words: str) -> None:
    before = time.thread_time()
    read = said(words * (300 // len(words)) + "x")
    assert not read.only_puzzled
    assert time.thread_time() - before < 2.0


@pytest.mark.parametrize("text", ["what??", "ok? what?", "???", "no??", "huh"])
def test_who_did_not_follow(text: str) -> None:
    assert said(text).only_puzzled


@pytest.mark.parametrize("text", ["ok", "no", "what day?", "", "!", "ok? yes"])
def test_who_did_follow(text: str) -> None:
    assert not said(text).only_puzzled
