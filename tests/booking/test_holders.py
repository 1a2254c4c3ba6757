"""Who holds the time that is wanted, asked once for all of a rush: the same as for one after the other."""

import random
from dataclasses import replace

import pytest

from app.booking.holders import Holder, Holders
from app.booking.store import Booking, claim, drafted
from app.db.engine import Transaction
from tests.booking.acme import ANN, HOUR, house

HALF = HOUR // 2


class _UndoneError(Exception):
    """Nothing of this is to be kept."""


@pytest.mark.parametrize("seed", range(12))
async def test_of_a_rush_those_get_their_time_who_would_one_after_the_other(database_url: str, seed: int) -> None:
    chance = random.Random(seed)
    async with house(database_url) as made:

        def draft(place: int) -> Booking:
            drawn = drafted("acme", made.slot(), ANN, f"call:{place}", now=made.clock.now(), hold_s=90)
            later = chance.randrange(8) * HALF
            calendar = chance.choice(["embedded:dana", "embedded:lee"])
            times = {name: getattr(drawn, name) + later for name in ("starts", "ends", "blocked_from", "blocked_to")}
            return replace(drawn, calendar=calendar, **times)

        earlier, drafts = [draft(place) for place in range(3)], [draft(place) for place in range(3, 18)]

        async def who(*, together: bool) -> list[tuple[str, list[Holder]]]:
            found: list[tuple[str, list[Holder]]] = []

            def work(transaction: Transaction) -> None:
                found.clear()
                for one in earlier:
                    claim(transaction, one)
                holders = Holders(transaction.connection, drafts)
                for one in drafts:
                    asked = holders if together else Holders(transaction.connection, [one])
                    taken_by = sorted(asked.of(one))
                    held = None if taken_by else claim(transaction, one)
                    if held is not None:
                        asked.add(held)
                    found.append(("held" if held else "lost", taken_by))
                raise _UndoneError

            with pytest.raises(_UndoneError):
                await made.database.write(work)
            return found

        one_by_one, as_one = await who(together=False), await who(together=True)

    assert as_one == one_by_one
    assert {"held", "lost"} == {outcome for outcome, _ in as_one}
