"""Multistatus answers: read as documented, refused as soon as they are something else."""

import pytest

from app.adapters.caldav_xml import UnreadableError, events_query, multistatus, refuses_token, uid_query

HEAD = '<?xml version="1.0" encoding="utf-8"?>'
OPEN = '<d:multistatus xmlns:d="DAV:" xmlns:cal="urn:ietf:params:xml:ns:caldav">'


def answer(*responses: str) -> bytes:
    return f"{HEAD}{OPEN}{''.join(responses)}</d:multistatus>".encode()


def response(inside: str) -> str:
    return f"<d:response>{inside}</d:response>"


HREF = "<d:href>/dana/one.ics</d:href>"
OK, MISSING = "<d:status>HTTP/1.1 200 OK</d:status>", "<d:status>HTTP/1.1 404 Not Found</d:status>"


def test_what_is_found_is_told_and_what_is_not_found_is_not() -> None:
    found = f'<d:propstat><d:prop><d:getetag>"1"</d:getetag></d:prop>{OK}</d:propstat>'
    missing = f"<d:propstat><d:prop><cal:calendar-data>x</cal:calendar-data></d:prop>{MISSING}</d:propstat>"
    (member,) = multistatus(answer(response(HREF + found + missing))).members
    assert (member.href, member.status, member.etag, member.data) == ("/dana/one.ics", 200, '"1"', None)


def test_a_resource_that_is_gone_has_its_status() -> None:
    told = multistatus(answer(response(HREF + MISSING), "<d:sync-token> token-7 </d:sync-token>"))
    assert ([member.status for member in told.members], told.sync_token) == ([404], "token-7")


BOMB = '<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sorry</body></html>",
        b"\xff\xfe{",
        answer()[:-10],
        f"{HEAD}<multistatus/>".encode(),
        answer(response("")),
        answer(response("<d:href> </d:href>")),
        answer(response(HREF + "<d:status>fine</d:status>")),
        answer(response(HREF + "<d:propstat><d:prop/></d:propstat>")),
        f"{HEAD}{BOMB}{OPEN}{response('<d:href>&b;</d:href>')}</d:multistatus>".encode(),
        f"{HEAD}{FILE}{OPEN}{response('<d:href>&a;</d:href>')}</d:multistatus>".encode(),
        f"{HEAD.replace('utf-8', 'utf-16')}{BOMB}{OPEN}</d:multistatus>".encode("utf-16"),
    ],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        multistatus(body)


def test_an_id_cannot_write_into_a_question() -> None:
    assert b"<C:text-match>a&lt;/C:text-match&gt;&amp;</C:text-match>" in uid_query("a</C:text-match>&")


def test_times_are_asked_for_in_utc() -> None:
    assert (
        events_query(1_893_456_000, 1_893_459_600, expand=True).count(
            b'start="20300101T000000Z" end="20300101T010000Z"'
        )
        == 2
    )


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (b'<error xmlns="DAV:"><valid-sync-token/></error>', True),
        (b'<d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>', True),
        (b'<error xmlns="DAV:"><need-privileges/></error>', False),
        (b"", False),
        (b"Forbidden", False),
    ],
)
def test_a_sync_token_is_refused_by_its_own_word(body: bytes, refused: bool) -> None:
    assert refuses_token(body) is refused
