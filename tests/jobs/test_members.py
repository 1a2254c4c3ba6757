"""Who works, who leads, and who is dead: one leads at a time, and a clock that jumps kills nobody."""

import pytest

from app.jobs.members import BEAT_S, LEASE_S, SILENT_S, Member
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened, soon


async def test_one_leads_and_another_follows_when_it_leaves(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        first, second = Member(database, clock), Member(database, clock)
        await first.beat()
        await second.beat()
        assert (first.leads(), second.leads()) == (True, False)
        clock.advance(LEASE_S - 1)
        await first.beat()
        await second.beat()
        assert (first.leads(), second.leads()) == (True, False)

        first.start()
        await first.stop()
        await second.beat()

        assert (first.leads(), second.leads()) == (False, True)
        assert await second.living() == {second.name}


async def test_a_leader_that_falls_silent_stops_leading_before_another_begins(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        first, second = Member(database, clock), Member(database, clock)
        await first.beat()
        clock.advance(LEASE_S)
        assert not first.leads()
        clock.advance(0.1)
        await second.beat()
        assert second.leads()
        await first.beat()
        assert not first.leads()


async def test_who_falls_silent_is_dead_and_who_comes_back_lives(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        watcher, other = Member(database, clock), Member(database, clock)
        await watcher.beat()
        await other.beat()
        assert await watcher.living() == {watcher.name, other.name}
        clock.advance(SILENT_S - 1)
        assert await watcher.living() == {watcher.name, other.name}
        clock.advance(1)
        assert await watcher.living() == {watcher.name}
        await other.beat()
        assert await watcher.living() == {watcher.name, other.name}


async def test_a_new_leader_knows_at_once_who_has_been_silent_meanwhile(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        first, second = Member(database, clock), Member(database, clock)
        await first.beat()
        for _ in range(6):
            await second.beat()
            clock.advance(BEAT_S)
        await second.beat()

        assert second.leads()
        assert await second.living() == {second.name}


async def test_clocks_that_disagree_by_hours_make_nobody_dead(database_url: str) -> None:
    here, there = FakeClock(), FakeClock()
    there._now -= 7_200
    async with opened(database_url) as database:
        watcher, other = Member(database, here), Member(database, there)
        await watcher.beat()
        await other.beat()
        await watcher.living()
        for _ in range(10):
            here.advance(SILENT_S / 2)
            there.advance(SILENT_S / 2)
            here._now += 3_600
            await other.beat()
            assert other.name in await watcher.living()


async def test_no_two_processes_share_a_name(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        assert len({Member(database, FakeClock()).name for _ in range(100)}) == 100


async def test_a_leader_that_dies_after_the_clocks_were_set_back_is_followed_all_the_same(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        first, second = Member(database, clock), Member(database, clock)
        await first.beat()
        await second.beat()
        clock._now -= 3_600
        clock.advance(BEAT_S)
        await second.beat()
        assert (first.leads(), second.leads()) == (True, False)

        clock.advance(SILENT_S)  # the first one is dead, and its lease lasts for an hour yet by the clock on the wall
        await second.beat()

        assert second.leads()
        await first.beat()
        assert not first.leads()


async def test_a_clock_that_jumps_ahead_lets_two_lead_for_no_longer_than_a_beat(database_url: str) -> None:
    here, there = FakeClock(), FakeClock()
    async with opened(database_url) as database:
        first, second = Member(database, here), Member(database, there)
        await first.beat()
        there._now += 3_600
        await second.beat()
        assert second.leads()
        here.advance(BEAT_S)
        await first.beat()
        assert (first.leads(), second.leads()) == (False, True)


async def test_whatever_goes_wrong_once_does_not_silence_a_process_for_good(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.members.BEAT_S", 0.02)

    class Stumbling(Member):
        beats = 0

        async def beat(self) -> None:
            self.beats += 1
            if self.beats == 2:
                raise RuntimeError("once")
            await super().beat()

    async with opened(database_url) as database:
        member = Stumbling(database, FakeClock())
        member.start()
        await soon(lambda: member.beats > 3)
        assert member.leads()
        await member.stop()
