"""Kinds of alarms that ring because the database is away, and which of them are told of when it is back."""

from typing import Final

FOR_PEOPLE: Final = frozenset({"transfers_not_followed", "call_event_lost"})
"""Callers were handed on and nobody is told whether that failed, or reports are lost for good: no page about the
database says so, so these are always told afterwards."""
OVER_AND_DONE: Final = FOR_PEOPLE | {"cap_store_down"}
"""What was not counted meanwhile is told of afterwards where no page told of the database. The others ring anew."""
OF_THE_DATABASE: Final = OVER_AND_DONE | {"timer_failed", "jobs_down", "model_account_silent"}
"""What also rings because the database is away: of that, while it is, one page tells, which is none of these."""
DATABASE_DOWN: Final = "database_down"
TOLD_AFTER_S: Final = 20.0
"""Of a database that was away for so long that page has told, from here or from another process."""
