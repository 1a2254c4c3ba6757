"""The answer to the question for the name, with more beside it, and a no to that question."""

from datetime import date

import pytest

from app.sms.ground import Ground
from app.sms.naming import with_name
from app.sms.phrases import NOTED
from app.sms.state import State, Step
from app.sms.talk import Talk
from app.sms.turn import Conversation
from app.sms.words import read
from tests.booking.acme import CALLER, acme
from tests.sms.conversing import LINE, Story, phone, play

ASKED = """
> inspection tuesday at 9
< Tue Nov 24 at 9:00 AM. What is your full name?
"""
STORIES = (
    *(
        Story(
            f"a name with more beside it: {text}",
            f"""{ASKED}
            > {text}
            < Home inspection with Dana, Tue Nov 24 at 9:00 AM, for {name}. Reply YES
            > yes
            """,
            (f"inspection 2026-11-24 09:00 {name} confirmed",),
        )
        for text, name in (
            ("Jane Roe 512-555-0188", "Jane Roe"),
            ("Jane Roe, and careful my dog Max bites", "Jane Roe"),
            ("put it under my husband Tom Roe", "Tom Roe"),
        )
    ),
    Story(
        "a name and another hour",
        f"""{ASKED}
        > Jane Roe but make it 10
        < Home inspection with Dana, Tue Nov 24 at 10:00 AM, for Jane Roe. Reply YES
        """,
    ),
    Story(
        "a name and a question",
        f"""{ASKED}
        > Jane Roe, how much is it?
        < Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES
        < one for a person
        """,
        tasks=("callback",),
    ),
    *(
        Story(f"no name: {text}", f"{ASKED}\n> {text}\n< OK, nothing was booked.")
        for text in ("no", "nope changed my mind")
    ),
    *(
        Story(
            f"a name that is only wrong: {text}",
            f"""{ASKED}
            > Karen Roe
            < for Karen Roe. Reply YES
            > {text}
            < Tue Nov 24 at 9:00 AM. What is your full name?
            > Jane Roe
            < for Jane Roe. Reply YES
            """,
        )
        for text in ("not Karen", "no not Karen", "sorry, not Karen", "actually it's not Karen", "not not karen")
    ),
    *(
        Story(
            f"a name put right: {text}",
            f"""{ASKED}
            > Karen Roe
            < for Karen Roe. Reply YES
            > {text}
            < 9:00 AM, for {name}. Reply YES
            """,
        )
        for text, name in (("no its karin not karen", "Karin Roe"), ("oops, McRoe, not Roe", "Karen McRoe"))
    ),
    Story(
        "no to who comes, whose name is the customer's too",
        f"""{ASKED}
        > Dana Roe
        < Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Dana Roe. Reply YES
        > not Dana
        < Home inspection with Lee, Tue Nov 24 at 9:00 AM, for Dana Roe. Reply YES
        """,
    ),
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_stories(sqlite_url: str, story: Story) -> None:
    await play(story, sqlite_url)


FAR = "then left at the big oak " * 50


@pytest.mark.parametrize(
    ("texts", "notes"),
    [
        (("inspection tuesday at 9, gate code 4417", "Jane Roe, my dog bites"), "gate code 4417; my dog bites"),
        (
            ("inspection tuesday at 9", "Jane Roe", f"park {FAR}", "gate code is 4417"),
            f"park {FAR.strip()}; gate code is 4417",
        ),
    ],
)
async def test_all_that_is_told_on_the_way_goes_with_the_booking(
    sqlite_url: str, texts: tuple[str, ...], notes: str
) -> None:
    async with phone(sqlite_url) as customer:
        for text in (*texts, "yes"):
            await customer.send(text)
        assert [row.notes for row in await customer.talking.house.rows()] == [notes]
        assert await customer.tasks() == []


@pytest.mark.parametrize("texts", [("Jane Roe", "park {FAR}"), ("Jane Roe, it is {FAR}",)])
async def test_what_there_is_no_room_for_goes_to_a_person(sqlite_url: str, texts: tuple[str, ...]) -> None:
    async with phone(sqlite_url) as customer:
        await customer.send("inspection tuesday at 9")
        await customer.send(f"park {FAR}")
        for text in texts:
            heard = await customer.send(text.replace("{FAR}", FAR.replace("oak", "elm")))
        assert not heard[0].startswith(NOTED)
        assert "Someone will call you back by" in " ".join(heard)
        assert await customer.tasks() == ["callback"]


async def _no_tool(*_: object) -> dict[str, object]:
    raise AssertionError


def test_what_is_told_beside_the_name_goes_with_the_booking() -> None:
    ground = Ground(date(2026, 11, 20), date(2027, 1, 20), frozenset(), frozenset())
    said = read([("Jane Roe, and careful my dog Max bites", 0)], ground)
    state = State(step=Step.NAME)
    talk = Talk(Conversation("acme:1", "acme", CALLER, LINE, {}), acme(), state, said, 0, "SM1", _no_tool)
    assert with_name(talk, ground).name == "Jane Roe"
    assert state.words == {"notes": "careful my dog Max bites"}
