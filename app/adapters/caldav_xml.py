"""WebDAV's XML, both ways: the bodies of the few reports we send, and multistatus answers read into plain values.

Answers are strangers' XML: a document type is refused, which leaves no entity to expand, and the transport bounds the
size. What does not have the documented shape raises `UnreadableError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from app.watch.declared_shapes import MULTISTATUS
from app.watch.shapes import observe

DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
SEVERAL = frozenset({"response", "propstat"})
PARENTS = SEVERAL | {"multistatus", "prop"}
_OPENING = '<?xml version="1.0" encoding="utf-8"?>\n'
_NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


class UnreadableError(Exception):
    """The server did not tell. `status` is its HTTP status: 0 without an answer, 2xx for one that cannot be read.

    The text is for people who run the service, and never quotes the answer.
    """

    def __init__(self, reason: str, status: int = 200) -> None:
        super().__init__(reason)
        self.status = status


class NotExpandedError(UnreadableError):
    """A recurring event came as it is kept, although its single occurrences were asked for."""


@dataclass(frozen=True, slots=True)
class Member:
    """One response of a multistatus: a resource, and what was told of it."""

    href: str
    status: int
    etag: str = ""
    data: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Multistatus:
    """A 207."""

    members: tuple[Member, ...]
    sync_token: str


def free_busy_query(start: int, end: int) -> bytes:
    """RFC 4791, 7.10."""
    return _body(f"<C:free-busy-query {_NAMES}>{_range('time-range', start, end)}</C:free-busy-query>")


def events_query(start: int, end: int, *, expand: bool) -> bytes:
    """Events of a time range, recurring ones whole or expanded by the server (RFC 4791, 7.8 and 9.6.5)."""
    return _query(_data(start, end) if expand else "<C:calendar-data/>", _range("time-range", start, end))


def uid_query(uid: str) -> bytes:
    """The event with this UID, under whatever name it is kept."""
    wanted = f'<C:prop-filter name="UID"><C:text-match>{escape(uid)}</C:text-match></C:prop-filter>'
    return _query("<C:calendar-data/>", wanted)


def sync_report(token: str) -> bytes:
    """What changed since `token` (RFC 6578)."""
    return _body(
        f"<D:sync-collection {_NAMES}><D:sync-token>{escape(token)}</D:sync-token><D:sync-level>1</D:sync-level>"
        "<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )


def multiget(hrefs: Sequence[str], expanded: tuple[int, int] | None = None) -> bytes:
    """These resources as they are, or expanded over a time range (RFC 4791, 7.9)."""
    named = "".join(f"<D:href>{escape(href)}</D:href>" for href in hrefs)
    data = _data(*expanded) if expanded else "<C:calendar-data/>"
    return _body(f"<C:calendar-multiget {_NAMES}><D:prop><D:getetag/>{data}</D:prop>{named}</C:calendar-multiget>")


def zone_question() -> bytes:
    """The time zone that the collection says its own all-day events are in."""
    return _body(f"<D:propfind {_NAMES}><D:prop><C:calendar-timezone/></D:prop></D:propfind>")


def multistatus(body: bytes) -> Multistatus:
    """A 207's body. Raises UnreadableError."""
    try:
        root = _parsed(body)
    except UnreadableError:
        observe(MULTISTATUS, body, unread=True)
        raise
    try:
        told = _told(root)
    except UnreadableError:
        observe(MULTISTATUS, lambda: structure(root), unread=True)
        raise
    observe(MULTISTATUS, lambda: structure(root))
    return told


def structure(root: ElementTree.Element) -> dict[str, Any]:
    """An answer as plain values, as far as it is looked at: WebDAV's own names, CalDAV's after a `c-`."""
    name = _plain(root.tag)
    if name in PARENTS:
        return {name: _children(root)}
    return {name: (root.text or "") if not len(root) else {}}


def _told(root: ElementTree.Element) -> Multistatus:
    if root.tag != f"{DAV}multistatus":
        raise UnreadableError("answer is no multistatus")
    members = tuple(_member(response) for response in root.findall(f"{DAV}response"))
    return Multistatus(members, (root.findtext(f"{DAV}sync-token") or "").strip())


def refuses_token(body: bytes) -> bool:
    """Whether an error's body says that the sync token is one the server does not (or no longer) know."""
    try:
        return any(found.tag == f"{DAV}valid-sync-token" for found in _parsed(body))
    except UnreadableError:
        return False


def _query(data: str, condition: str) -> bytes:
    return _body(
        f"<C:calendar-query {_NAMES}><D:prop><D:getetag/>{data}</D:prop><C:filter>"
        f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{condition}</C:comp-filter></C:comp-filter>'
        "</C:filter></C:calendar-query>"
    )


def _data(start: int, end: int) -> str:
    return f"<C:calendar-data>{_range('expand', start, end)}</C:calendar-data>"


def _body(text: str) -> bytes:
    return (_OPENING + text).encode()


def _range(name: str, start: int, end: int) -> str:
    first, last = (datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ") for at in (start, end))
    return f'<C:{name} start="{first}" end="{last}"/>'


def _children(parent: ElementTree.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in parent:
        for name, value in structure(child).items():
            if name in SEVERAL:
                found.setdefault(name, []).append(value)
            else:
                found[name] = value
    return found


def _plain(tag: str) -> str:
    return tag.replace(DAV, "").replace(CALDAV, "c-")


class _WithoutDoctype(ElementTree.TreeBuilder):
    def doctype(self, *_: object) -> None:
        raise UnreadableError("answer declares a document type")


def _parsed(body: bytes) -> ElementTree.Element:
    parser = ElementTree.XMLParser(target=_WithoutDoctype())  # noqa: S314 - without a document type, nothing expands
    try:
        parser.feed(body)
        root: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError):
        raise UnreadableError("answer is not XML") from None
    return root


def _member(response: ElementTree.Element) -> Member:
    href = (response.findtext(f"{DAV}href") or "").strip()
    if not href:
        raise UnreadableError("a response names no resource")
    told = response.find(f"{DAV}status")
    if told is not None:
        return Member(href, _status(told))
    etag, data, zone = "", None, None
    for propstat in response.findall(f"{DAV}propstat"):
        properties = propstat.find(f"{DAV}prop")
        if properties is None or _status(propstat.find(f"{DAV}status")) != 200:
            continue
        etag = (properties.findtext(f"{DAV}getetag") or etag).strip()
        data = properties.findtext(f"{CALDAV}calendar-data", data)
        zone = properties.findtext(f"{CALDAV}calendar-timezone", zone)
    return Member(href, 200, etag, data, zone)


def _status(element: ElementTree.Element | None) -> int:
    """Out of `HTTP/1.1 200 OK`."""
    words = ("" if element is None else element.text or "").split()
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        raise UnreadableError("a response has no status")
    return int(words[1][:3])
