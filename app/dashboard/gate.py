"""Who comes in: with a signed cookie, or the admin token as bearer; and whether a form is one of ours.

Fails closed: without a token configured nobody, and while the database is away nobody either, since a session that was
ended may not come back to life.
"""

from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, insert, select, text
from starlette.requests import Request
from starlette.responses import Response

from app.audit.log import record
from app.dashboard.browsers import KNOWN_FOR_S, PASS_LASTS_S, PASSES, Browsers
from app.dashboard.ports import House
from app.dashboard.request import ForgedError
from app.dashboard.session import Session, Sessions
from app.db.engine import Transaction
from app.db.schema import ended_sessions
from app.dialects.credentials import bearer_ok, encoded, secret_ok
from app.errors import UnauthorizedError

SESSION_READ_WITHIN_S: Final = 2.0
BY_TOKEN: Final = "admin token"  # noqa: S105 - a name for the audit log, no secret

_e = ended_sessions.c
_TO_BE_ENDED: Final = text("INSERT INTO ended_sessions (id, until) VALUES (:id, :until) ON CONFLICT DO NOTHING")
"""Of two who end the same at once, one does."""


class Gate:
    """Signs people in and out, and knows them again."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._tokens = encoded([house.token or ""])
        self._sessions = Sessions((house.token or "").encode(), house.secret)
        self._browsers = Browsers(house.secret)
        self._passes = Browsers(house.secret, PASSES)
        self.cookie = "__Host-readback" if house.secure else "readback"
        self.mark = f"{self.cookie}-browser"

    @property
    def locked(self) -> bool:
        """Whether nobody can come in at all."""
        return not self._tokens

    def named(self, request: Request) -> bool:
        """Whether the request shows anything that could let it in."""
        return self.cookie in request.cookies or "authorization" in request.headers

    async def admitted(self, request: Request) -> Session:
        """Who asks. Raises `UnauthorizedError`, and `DatabaseUnavailableError` when that cannot be known."""
        if self.locked:
            raise UnauthorizedError
        authorization = request.headers.get("authorization")
        if authorization is not None and bearer_ok(authorization.encode("latin-1", "replace"), self._tokens):
            return Session("", BY_TOKEN, 0, 0)
        session = self._sessions.read(request.cookies.get(self.cookie, ""), self._house.clock.now())
        if session is None or not await self.still(session):
            raise UnauthorizedError
        return session

    async def still(self, session: Session) -> bool:
        """Whether a session that was genuine has neither run out nor been ended."""
        if not session.id:
            return True
        over = self._house.clock.now() >= session.until
        return not over and not await self._house.read(
            lambda connection: _ended(connection, session.id), SESSION_READ_WITHIN_S
        )

    def form_token(self, session: Session) -> str:
        """What every form of this session carries."""
        return self._sessions.form_token(session)

    def check_form(self, request: Request, session: Session, token: str) -> None:
        """Raises `ForgedError` unless the form comes from a page of ours that this session was shown.

        A bearer is in no browser's memory, so nobody can have one sent by a page of theirs.
        """
        if session.id and not (self.from_here(request) and self._sessions.form_token_ok(session, token)):
            raise ForgedError

    def from_here(self, request: Request) -> bool:
        """Whether a browser says that a page of ours sent this, or nothing says otherwise."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = request.headers.get("origin")
        if origin is None:
            return True
        ours = {urlsplit(self._house.public_url or "").netloc, request.headers.get("host", "")}
        return urlsplit(origin).netloc in ours - {""}

    def browser(self, request: Request) -> str | None:
        """The name of a browser that is known; None for a stranger's."""
        return self._browsers.known(request.cookies.get(self.mark, ""), self._house.clock.now())

    async def opened(self, address: str) -> bool:
        """Whether this is out of an address from the machine that nobody has opened yet. Now it is, and on record."""
        now = self._house.clock.now()
        name = self._passes.known(address, now)
        if name is None:
            return False

        def end(transaction: Transaction) -> bool:
            ended = transaction.connection.execute(_TO_BE_ENDED, {"id": name, "until": now + PASS_LASTS_S})
            if ended.rowcount:
                record(transaction, "sign_in_address_opened", subject=name[:8], at=now)
            return bool(ended.rowcount)

        return await self._house.write(end)

    def remember(self, response: Response, browser: str | None = None) -> None:
        """Know this browser from now on."""
        marked = self._browsers.marked(self._house.clock.now(), name=browser or "")
        self._set(response, self.mark, marked, KNOWN_FOR_S)

    def token_ok(self, given: str) -> bool:
        """Whether this is the admin token."""
        return secret_ok(given.encode("utf-8", "replace"), self._tokens)

    async def sign_in(self, response: Response, by: str) -> None:
        """Begin a session, and note it: no cookie is given for a sign-in that is not on record."""
        now = self._house.clock.now()
        session = self._sessions.begun(by, now)

        def note(transaction: Transaction) -> None:
            record(transaction, "dashboard_signed_in", subject=session.id[:8], at=now, by=session.by)

        await self._house.write(note)
        self._give(response, session)

    async def sign_out(self, response: Response, session: Session) -> None:
        """End the session for good, also for whoever else has its cookie."""
        now = self._house.clock.now()

        def end(transaction: Transaction) -> None:
            if not _ended(transaction.connection, session.id):
                transaction.connection.execute(insert(ended_sessions).values(id=session.id, until=session.until))
                record(transaction, "dashboard_signed_out", subject=session.id[:8], at=now, by=session.by)

        if session.id:
            await self._house.write(end)
        response.delete_cookie(self.cookie, path="/", secure=self._house.secure, httponly=True, samesite="strict")

    def keep(self, response: Response, session: Session) -> None:
        """Say again when the session was last used, now and then."""
        renewed = self._sessions.renewed(session, self._house.clock.now()) if session.id else None
        if renewed is not None and "set-cookie" not in response.headers:
            self._give(response, renewed)

    def _give(self, response: Response, session: Session) -> None:
        left_s = max(0, int(session.until - self._house.clock.now()))
        self._set(response, self.cookie, self._sessions.cookie(session), left_s)

    def _set(self, response: Response, name: str, value: str, lasts_s: int) -> None:
        secure = self._house.secure
        response.set_cookie(name, value, max_age=lasts_s, path="/", secure=secure, httponly=True, samesite="strict")


def _ended(connection: Connection, identity: str) -> bool:
    return connection.execute(select(_e.id).where(_e.id == identity)).first() is not None
