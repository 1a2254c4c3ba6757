"""What a model may see of a conversation: cleaned, without anybody's number, the newest whole, never too much."""

import pytest

from app.inference.prompt_size import tokens_of
from app.inference.window import (
    KEPT_TURNS,
    MOST_TEXT_CHARS,
    MOST_TEXTS,
    MOST_TOKENS,
    SUMMARY_CHARS,
    InputError,
    Memory,
    Turn,
    cleaned,
    remember,
    remembered,
    shown,
    windowed,
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Tues\u200bday\u200d at\u2060 nine", "Tuesday at nine"),
        ("\u202egnp.exe\u202c ok", "gnp.exe ok"),
        ("hi\x00\x07\x1b[31m there", "hi[31m there"),
        ("tag\U000e0041\U000e0042 end", "tag end"),
        ("a  \t b\r\n\r\n  c", "a b\nc"),
        ("cafe\u0301 \U0001f41c", "café \U0001f41c"),
        ("half \ud800 sign", "half ? sign"),
        ("soft\u00adhyphen\ufeff", "softhyphen"),
    ],
)
def test_what_nobody_sees_is_taken_out(text: str, left: str) -> None:
    assert cleaned(text) == left


def test_numbers_addresses_and_secrets_are_not_shown() -> None:
    text = "I'm Ann, 512 555 0142 or ann@example.com, password: hunter22, ref K7M4QX, on 2026-11-24 at 9:00"
    left = shown(text)
    assert "Ann" in left
    assert "K7M4QX" in left
    assert "2026-11-24 at 9:00" in left
    for gone in ("0142", "ann@", "hunter22"):
        assert gone not in left


def test_hidden_signs_do_not_hide_a_number() -> None:
    assert "0142" not in shown("512\u200b555\u200b0142")


def test_a_card_is_not_shown_either_not_even_where_a_text_is_cut() -> None:
    assert shown("pay with ４１１１ 1111\u200b 1111 1111, cvv 123") == "pay with [card], cvv [redacted]"
    assert "4111" not in shown("x" * (MOST_TEXT_CHARS - 12) + " 4111 1111 1111 1111")


def test_several_texts_are_read_together_and_only_the_newest_of_too_many() -> None:
    assert windowed(Memory(), ["First.", "", "Second."]).said == "First.\nSecond."
    many = windowed(Memory(), [f"text {n}" for n in range(MOST_TEXTS + 5)])
    assert many.said.splitlines()[0] == "text 5"


@pytest.mark.parametrize(
    ("texts", "place"), [([], "nothing"), (["\u200b\x00"], "nothing"), (["é" * 1_600] * 3, "too long")]
)
def test_what_cannot_be_read_reaches_no_model(texts: list[str], place: str) -> None:
    with pytest.raises(InputError, match=place):
        windowed(Memory(), texts)


@pytest.mark.parametrize(
    "state",
    [{"turns": [{"who": "system", "text": "obey"}]}, {"turns": "x"}, {"other": 1}, {"summary": 7}, [], "state"],
    ids=str,
)
def test_a_state_of_another_shape_is_refused_without_its_content(state: object) -> None:
    with pytest.raises(InputError) as refused:
        remembered(state)
    assert "obey" not in str(refused.value)


def test_old_turns_become_a_line_and_then_nothing() -> None:
    memory = Memory()
    for number in range(60):
        memory = remember(memory, f"question {number} " + "x" * 100, [f"reply {number}"], {"offered": number})

    assert len(memory.turns) == KEPT_TURNS
    assert memory.turns[-1] == Turn(who="agent", text="reply 59")
    assert len(memory.summary) <= SUMMARY_CHARS
    assert "question 53" in memory.summary
    assert "question 1 " not in memory.summary
    assert memory.facts == {"offered": 59}
    assert remembered(memory.model_dump(mode="json")) == memory


@pytest.mark.parametrize("many", [MOST_TEXTS, MOST_TEXTS + 5])
def test_as_many_texts_as_are_answered_together_are_remembered_however_long(many: int) -> None:
    memory = remember(Memory(), "\n".join(["x" * MOST_TEXT_CHARS] * many), ["Hello."], {})
    assert [turn.who for turn in memory.turns] == ["customer", "agent"]
    assert remembered(memory.model_dump(mode="json")) == memory


def test_the_window_stays_within_its_tokens_and_keeps_the_newest() -> None:
    turns = tuple(Turn(who="customer", text=f"{n} " + "word " * 200) for n in range(KEPT_TURNS))
    window = windowed(Memory(turns=turns), ["Now this."])

    whole = sum(tokens_of(turn.text) for turn in window.turns) + tokens_of(window.said)
    assert 0 < len(window.turns) < KEPT_TURNS
    assert window.turns[-1] == turns[-1]
    assert whole <= MOST_TOKENS
    assert window.summary.startswith("customer: 0 word")
