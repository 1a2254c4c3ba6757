"""How long the engine's loop waits between two looks: not at all when told, seldom when there is nothing."""

import threading
import time

import pytest

from app.jobs.pace import APART_S, SOON_FOR_S, Pace

LONG_S = 3_600.0


class Looking(threading.Thread):
    """Looks as the engine's loop does, and notes when."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.promoted: list[float] = []
        self.looks: list[float] = []
        self.pace = Pace(lambda: self.promoted.append(time.time()))
        self.start()

    def run(self) -> None:
        while not self.pace.is_set() and not self.pace.wait(0.001):
            self.looks.append(self.pace._looked_at)  # when it was due: a busy machine may have us note it later

    def looked(self, times: int) -> None:
        until = time.monotonic() + 20
        while len(self.looks) < times:
            assert time.monotonic() < until, f"{len(self.looks)} looks"
            time.sleep(0.005)

    def ended(self) -> None:
        self.pace.set()
        self.join(20)
        assert not self.is_alive()


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.pace.SELDOM_S", LONG_S)


@pytest.mark.usefixtures("seldom")
def test_the_first_look_is_at_once_and_without_word_of_work_there_is_no_other() -> None:
    looking = Looking()
    looking.looked(1)
    time.sleep(3 * APART_S)

    assert len(looking.looks) == 1
    looking.ended()


@pytest.mark.usefixtures("seldom")
def test_told_of_work_it_looks_again_until_it_has_been_quiet_for_a_while() -> None:
    looking = Looking()
    looking.looked(1)
    looking.pace.told()
    looking.looked(3)
    until, quiet = time.monotonic() + 20, 0
    while len(looking.looks) > quiet:
        assert time.monotonic() < until, "it looks and looks"
        quiet = len(looking.looks)
        time.sleep(SOON_FOR_S + 3 * APART_S)
    looking.ended()


@pytest.mark.usefixtures("seldom")
def test_however_often_it_is_told_looks_are_apart() -> None:
    looking = Looking()
    until = time.monotonic() + 5 * APART_S
    while time.monotonic() < until:
        looking.pace.told()
        time.sleep(0.001)
    looking.looked(2)
    looking.ended()

    assert all(
        later - earlier > 0.9 * APART_S for earlier, later in zip(looking.looks, looking.looks[1:], strict=False)
    )


def test_a_moment_it_was_told_of_is_not_missed_and_what_waited_is_promoted_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looking = Looking()
    looking.looked(1)
    monkeypatch.setattr("app.jobs.pace.SELDOM_S", LONG_S)
    monkeypatch.setattr("app.jobs.pace.SOON_FOR_S", 0.0)
    due = time.time() + 0.6
    looking.pace.told([due + LONG_S, due])
    until = time.monotonic() + 20
    while not any(at >= due for at in looking.promoted):
        assert time.monotonic() < until, "not promoted"
        time.sleep(0.005)
    looking.ended()

    assert next(at for at in looking.promoted if at >= due) < due + 20


@pytest.mark.usefixtures("seldom")
def test_it_ends_in_the_middle_of_a_long_wait() -> None:
    looking = Looking()
    looking.looked(1)
    time.sleep(2 * APART_S)
    looking.ended()

    assert len(looking.looks) == 1
