"""What PostgreSQL tells of other processes' commits, over a connection that only listens.

Silence is believed for a moment only, and only by who hears itself: what this process sends through its other
connections must have come back. So a connection that died unseen, and a pooler in between that keeps what was told to
itself, leave the listener unsure instead of wrong. On SQLite nobody tells, and nobody is ever sure.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.engine import make_url

from app import log
from app.background import Background
from app.clock import Clock
from app.db.engine import Database
from app.db.opening import CONNECT_TIMEOUT_S, NOTICES
from app.db.prepared import Prepared
from app.errors import ReadbackError

if TYPE_CHECKING:
    from psycopg import AsyncConnection

PROVE_EVERY_S: Final = 1.0
SURE_FOR_S: Final = 2.5
"""From before a proof was sent that came back."""
AGAIN_AFTER_S: Final = 5.0
"""Without a proof the connection is given up, and another one opened."""
UNHEARD_REST_S: Final = 30.0
"""After a connection over which nothing came back, as behind a pooler that passes nothing on."""
EVERYTHING: Final = ""
"""Told instead of one subject: anything may have changed."""

_prove = Prepared(select(func.pg_notify(bindparam("channel"), bindparam("number"))))
_log = log.get(__name__)


class Listening:
    """Calls `told(subject)` on the loop for whatever is committed under `channel`, by this process too."""

    def __init__(self, database: Database, clock: Clock, channel: str, told: Callable[[str], None]) -> None:
        self._database = database
        self._url = database.url
        self._clock = clock
        self._channel = channel
        self._own = f"readback_{uuid.uuid4().hex[:16]}"
        self._told = told
        self._proofs: dict[str, float] = {}
        """When each was sent that has not come back."""
        self._number = 0
        self._sure_until = float("-inf")
        self._heard: bool | None = None
        """Whether anything came back lately; None before it was tried."""
        self._hearing = Background()

    @property
    def sure(self) -> bool:
        """Whether everything committed before `SURE_FOR_S` ago was told, and what came later nearly always."""
        return self._clock.monotonic() < self._sure_until

    def start(self) -> None:
        """Begin to listen; `sure` a moment later, if ever."""
        if not self._database.is_sqlite:
            self._hearing.begin(self._hear_forever())

    async def stop(self) -> None:
        """Hear nothing more."""
        await self._hearing.end()
        self._sure_until = float("-inf")

    async def _hear_forever(self) -> None:
        while True:
            rest_s = PROVE_EVERY_S
            try:
                async with await self._connected() as connection:
                    for channel in (self._channel, self._own):
                        await connection.execute(f'LISTEN "{channel}"'.encode())
                    self._told(EVERYTHING)  # of what was committed until now, this process may not have heard
                    await self._hear(connection)
                if not self._heard:
                    rest_s = UNHEARD_REST_S
                self._unheard("what is sent does not come back")
            except Exception as error:  # noqa: BLE001 - who hears no more for good would read for ever
                self._unheard(type(error).__name__)
            await asyncio.sleep(rest_s)

    async def _hear(self, connection: "AsyncConnection") -> None:
        """Until no proof came back for too long."""
        heard_at = self._clock.monotonic()
        proving = asyncio.get_running_loop().create_task(self._prove_forever())
        try:
            while self._clock.monotonic() - heard_at < AGAIN_AFTER_S:
                async for note in connection.notifies(timeout=PROVE_EVERY_S):
                    if note.channel == self._own:
                        heard_at = self._came_back(note.payload)
                    else:
                        self._told(note.payload)
        finally:
            proving.cancel()

    def _unheard(self, why: str) -> None:
        self._sure_until = float("-inf")
        if self._heard is not False:
            _log.warning("database_not_heard", why=why)
        self._heard = False

    def _came_back(self, number: str) -> float:
        if self._heard is False:
            _log.info("database_heard")
        self._heard = True
        sent_at = self._proofs.pop(number, None)
        if sent_at is not None:
            self._sure_until = max(self._sure_until, sent_at + SURE_FOR_S)
        return self._clock.monotonic()

    async def _prove_forever(self) -> None:
        while True:
            self._number += 1
            number, sent_at = str(self._number), self._clock.monotonic()
            self._proofs = {sent: at for sent, at in self._proofs.items() if sent_at - at < SURE_FOR_S}
            self._proofs[number] = sent_at
            with contextlib.suppress(ReadbackError):  # who is not sure asks the database, and hears why it is away
                await self._database.read(partial(_prove, channel=self._own, number=number))
            await asyncio.sleep(PROVE_EVERY_S)

    async def _connected(self) -> "AsyncConnection":
        from psycopg import AsyncConnection  # noqa: PLC0415 - an installation on SQLite starts without the driver

        url = make_url(self._url)
        dialect: Any = url.get_dialect()()
        _, wanted = dialect.create_connect_args(url)
        return await AsyncConnection.connect(
            **{**wanted, **NOTICES, "connect_timeout": CONNECT_TIMEOUT_S, "application_name": "readback"},
            autocommit=True,
        )
