"""Texts in few segments: look-alikes swapped, segments counted as carriers do, words broken where readers pause."""

import pytest

from app.promises.gsm import BASIC, CUT, MOST_CHARS, MOST_SEGMENTS, clean, fitted, parted, segments


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("You’re “booked” — 9:00 AM…", 'You\'re "booked" - 9:00 AM...'),
        ("a\u00a0b\u200bc\u2028", "a bc"),
        ("1 × 2 • 3", "1 x 2 - 3"),
        ("control\x0b\x00", "control"),
        ("¿Mañana?", "¿Mañana?"),
        ("  a \n\n\n\n b ", "a \n\n b"),
        ("🦷 emoji stay", "🦷 emoji stay"),
    ],
)
def test_signs_are_swapped_for_what_looks_alike(given: str, sent: str) -> None:
    assert clean(given) == sent


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("á" * 70, 1), ("á" * 71, 2), ("🦷" * 35, 1), ("🦷" * 36, 2), ("", 1),
    ],
)  # fmt: skip
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_alphabet_has_its_size() -> None:
    assert len(BASIC) == 127, "128 places, one of which leads to the second half"


@pytest.mark.parametrize("words", ["Hi", "You’re  in…", "á" * 1_600, "🦷" * 801, "a b " * 500, "…" * 1_599 + "\n \n"])
def test_what_a_carrier_takes_is_clean_and_within_its_limit_and_stays_as_it_is(words: str) -> None:
    once = fitted(words)

    assert fitted(once) == once == clean(once)
    assert len(once.encode("utf-16-be")) <= 2 * MOST_CHARS
    assert once == clean(words) or once.endswith(CUT)


def test_a_short_reply_is_one_text() -> None:
    assert parted("See you on Tuesday.") == ["See you on Tuesday."]
    assert parted(" \x00 ") == []


@pytest.mark.parametrize("sign", ["a", "á", "🦷"])
def test_words_without_a_pause_are_broken_all_the_same(sign: str) -> None:
    parts = parted(sign * 5_000)

    assert len(parts) == 3
    assert all(segments(part) <= MOST_SEGMENTS for part in parts)
    assert parts[-1].endswith("...")


def test_what_fits_into_several_texts_is_all_said_and_broken_after_a_sentence() -> None:
    reply = " ".join(f"Sentence number {n} of a long story." for n in range(30))
    parts = parted(reply)

    assert " ".join(parts) == reply
    assert all(part.endswith(".") for part in parts)
