"""Many rows at once, whatever is in them, on either database."""

import pytest
from sqlalchemy import Column, Float, MetaData, Table, Text

from app.db.bulk import MOST_AT_ONCE, BulkInsert
from app.db.engine import Transaction
from tests.fakes.databases import opened

THINGS = Table(
    "things", MetaData(), Column("id", Text, primary_key=True), Column("said", Text), Column("weight", Float)
)
ODD = ("100 %", "%s", "$1", "?", "'; --", "", None, "ü\U0001f41c")


@pytest.mark.parametrize("many", [1, len(ODD), 3 * MOST_AT_ONCE + 5])
async def test_rows_come_out_as_they_went_in(database_url: str, many: int) -> None:
    rows = [(f"{number:05}", ODD[number % len(ODD)], number / 8) for number in range(many)]

    def work(transaction: Transaction) -> None:
        here = transaction.connection
        here.exec_driver_sql("CREATE TEMPORARY TABLE things (id TEXT PRIMARY KEY, said TEXT, weight FLOAT)")
        assert BulkInsert(THINGS)(here, rows) == many
        assert [tuple(row) for row in here.exec_driver_sql("SELECT * FROM things ORDER BY id")] == rows
        assert BulkInsert(THINGS, keep_first=True)(here, [*rows, ("new", "x", 1.0)]) == 1
        here.exec_driver_sql("DROP TABLE things")

    async with opened(database_url) as database:
        await database.write(work)
