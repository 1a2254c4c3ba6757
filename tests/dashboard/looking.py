"""A person with a browser's manners in front of a real server: cookies kept, the form's own token sent back."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Table, select

from app.db.once import looking
from app.db.schema import audit
from tests.flows.businesses import acme, written
from tests.flows.running import ADMIN_TOKEN, Readback, environment, serving

HTML = {"accept": "text/html"}
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
PAGES = (
    "", "volume", "latency", "figures", "bookings", "tasks", "reviews", "dead-letters", "pages", "incidents", "limits",
    "flags", "audit",
)  # fmt: skip


class Person:
    """Somebody who is signed in, or not yet."""

    def __init__(self, server: Readback, client: httpx.AsyncClient) -> None:
        self.server, self.client = server, client

    async def sign_in(self, token: str = ADMIN_TOKEN, by: str = "Dana", **fields: str) -> httpx.Response:
        return await self.client.post("/dashboard/sign-in", data={"token": token, "by": by, **fields})

    async def look(self, path: str = "") -> httpx.Response:
        return await self.client.get(f"/dashboard/{path}".rstrip("/"), headers=HTML)

    async def press(self, action: str, fields: Mapping[str, Any], **headers: str) -> httpx.Response:
        """Send a form of a page of ours."""
        found = TOKEN.search((await self.look("flags")).text)
        assert found is not None
        data = {"form_token": found[1], **fields}
        return await self.client.post(f"/dashboard/{action}", data=data, headers={"origin": self.server.url, **headers})


@asynccontextmanager
async def person(server: Readback, **otherwise: Any) -> AsyncIterator[Person]:
    async with server.client("", **otherwise) as client:
        yield Person(server, client)


@asynccontextmanager
async def signed_in(server: Readback) -> AsyncIterator[Person]:
    async with person(server) as somebody:
        assert (await somebody.sign_in()).status_code == 303
        yield somebody


@asynccontextmanager
async def dashboard(url: str, folder: Path, **variables: str) -> AsyncIterator[Readback]:
    """A server whose background work is left to others, so that what was filled in stays as it is."""
    given = {"READBACK_JOBS": "off", **variables}
    async with serving(environment(url, written(folder, acme()), **given)) as server:
        yield server


def recorded(url: str, kind: str) -> list[Any]:
    """Rows of the audit log of one kind, the oldest first."""
    with looking(url) as connection:
        return list(connection.execute(select(audit).where(audit.c.kind == kind).order_by(audit.c.seq)))


def rows(url: str, table: Table, *which: Any) -> list[Any]:
    with looking(url) as connection:
        return list(connection.execute(select(table).where(*which)))
