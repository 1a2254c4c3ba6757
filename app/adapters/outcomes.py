"""One word for what became of a request that was answered, the same for every upstream: figures and alerts read it."""

from typing import Final

DENIED: Final = "denied"
"""It does not know us, or does not let us: a key that was taken back keeps every caller waiting, however fast it says
so. That what was asked for is not there (404, 410, 412) is `client_error`, and an answer like any other."""
QUOTA: Final = "quota"


def outcome_of(status: int) -> str:
    """`ok`, `denied`, `quota`, `client_error` or `server_error`."""
    if status < 300:
        return "ok"
    if status in (401, 403):
        return DENIED
    if status == 429:
        return QUOTA
    return "server_error" if status >= 500 else "client_error"
