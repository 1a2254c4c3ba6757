"""In whose hand an outage is: the first one's, for every process of the machine, and nobody else's file counts."""

import os
from pathlib import Path

import pytest

from app.watch.outage_hand import FILE_MODE, KEY, KIND, PAGE_ID, Hand, Taken

NOW = 1_795_000_000.0


def test_the_first_one_has_it_whatever_process_is_asked(tmp_path: Path) -> None:
    one, other = Hand("x", folder=tmp_path), Hand("x", folder=tmp_path)
    assert other.taken(NOW) is None
    assert one.take(" Dana\n<b> ", since=NOW, now=NOW + 5) == Taken("Dana <b>", NOW + 5)
    assert other.take("Lee", since=NOW, now=NOW + 6) == other.taken(NOW) == Taken("Dana <b>", NOW + 5)
    assert (tmp_path / "readback-x.taken").stat().st_mode & 0o777 == FILE_MODE
    other.let_go()
    assert one.taken(NOW) is None
    other.let_go()


def test_who_took_an_earlier_outage_has_not_taken_this_one(tmp_path: Path) -> None:
    hand = Hand("x", folder=tmp_path)
    hand.take("Dana", since=NOW, now=NOW + 5)
    assert hand.taken(NOW + 100) is None
    assert hand.take("Lee", since=NOW + 100, now=NOW + 101).by == "Lee"
    assert Hand("x", folder=tmp_path).taken(NOW + 100) == Taken("Lee", NOW + 101)


def test_what_cannot_be_written_holds_in_its_own_process(tmp_path: Path) -> None:
    hand = Hand("x", folder=tmp_path / "not there")
    assert hand.take("Dana", since=NOW, now=NOW) == hand.taken(NOW) == Taken("Dana", NOW)
    assert not hand.is_shared
    hand.let_go()
    assert hand.taken(NOW) is None


@pytest.mark.parametrize("what", ["link", "folder", "pipe", "rubbish", "others"])
def test_no_file_but_our_own_keeps_anybody_quiet(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "readback-x.taken"
    Hand("y", folder=tmp_path).take("Mallory", since=0, now=NOW)
    if what == "link":
        file.symlink_to(tmp_path / "readback-y.taken")
    elif what == "folder":
        file.mkdir()
    elif what == "pipe":
        os.mkfifo(file)
    elif what == "rubbish":
        file.write_text("{")
    else:
        (tmp_path / "readback-y.taken").rename(file)
        uid = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    hand = Hand("x", folder=tmp_path)
    assert hand.taken(0) is None
    assert hand.take("Dana", since=0, now=NOW).by == "Dana"


def test_only_this_page_is_taken_there() -> None:
    hand = Hand("x", b"secret", "https://voice.example")
    assert hand.address_of((KIND, KEY)).startswith(f"https://voice.example/pages/{PAGE_ID}?token=")
    assert hand.address_of(("jobs_down", "workers")) == Hand("x", b"secret").address == ""
