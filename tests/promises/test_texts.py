"""A text is owed once for each state of a booking, and is kept until a carrier takes it."""

from dataclasses import replace

from app.promises.texts import CONFIRMATION, Text, noted
from tests.fakes.databases import executed, opened

TEXT = Text("acme", "+15125550142", "+15125550100", "Acme: Home inspection on Tuesday.", CONFIRMATION, "b1", 1)


async def test_one_text_for_each_revision_and_kind(database_url: str) -> None:
    async with opened(database_url) as database:
        for text, is_new in (
            (TEXT, True),
            (replace(TEXT, body="other words"), False),
            (replace(TEXT, revision=2), True),
            (replace(TEXT, kind="settled"), True),
        ):
            assert await database.write(lambda t, text=text: noted(t, text, now=5.0)) is is_new

    rows = executed(database_url, "SELECT booking, revision, kind, to_number, state FROM text_outbox ORDER BY 2, 3")
    assert [tuple(row) for row in rows] == [
        ("b1", 1, "confirmation", "+15125550142", "pending"),
        ("b1", 1, "settled", "+15125550142", "pending"),
        ("b1", 2, "confirmation", "+15125550142", "pending"),
    ]


async def test_whatever_is_owed_is_owed_in_words_that_a_carrier_takes(database_url: str) -> None:
    async with opened(database_url) as database:
        for kind, body in ((CONFIRMATION, "Acme’s: 9:00\u202fAM – “Dana”"), ("news", "long " * 400)):
            await database.write(lambda t, k=kind, b=body: noted(t, replace(TEXT, kind=k, body=b), now=5.0))

    (confirmed,), (news,) = executed(database_url, "SELECT body FROM text_outbox ORDER BY kind")
    assert confirmed == 'Acme\'s: 9:00 AM - "Dana"'
    assert (len(news), news[-8:]) == (1_600, "ng lo...")


async def test_the_audit_log_has_neither_the_number_nor_the_words(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        await database.write(lambda t: noted(t, TEXT, now=5.0))

    audited = str(executed(sqlite_url, "SELECT kind, data FROM audit"))
    assert "text_noted" in audited
    assert "5550142" not in audited
    assert "inspection" not in audited
