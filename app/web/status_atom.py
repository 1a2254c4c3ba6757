"""Incidents as an Atom feed (RFC 4287): one entry each, whose id stays and whose time moves with every update."""

import re
import uuid
from functools import lru_cache
from html import escape
from typing import Final

from app.watch.status import Copy, Notice
from app.web.status_page import MOST_KEPT
from app.web.status_words import affected, instant, sentence

ATOM: Final = b"application/atom+xml; charset=utf-8"
DAY_S: Final = 86_400
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may contain, escaped or not."""


def feed(copy: Copy, identity: str, public_url: str) -> bytes:
    """The feed as UTF-8. `identity`: the feed's own id; `public_url` empty: its links are relative."""
    notices = sorted((*copy.open, *copy.resolved), key=lambda notice: -notice.changed_at)
    # Without any entry it says that there was none until today.
    updated = notices[0].changed_at if notices else (copy.as_of or 0) // DAY_S * DAY_S
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f"<id>{_text(identity)}</id><title>Status</title><subtitle>{_text(sentence(copy))}</subtitle>"
        f"<updated>{instant(updated)}</updated><author><name>Readback</name></author>"
        f'<link rel="self" type="application/atom+xml" href="{_text(public_url)}/status.atom"/>'
        f'<link rel="alternate" type="text/html" href="{_text(public_url)}/status"/>'
        f"{''.join(_entry(notice, public_url) for notice in notices)}</feed>\n"
    ).encode("utf-8", "replace")


@lru_cache(maxsize=MOST_KEPT)
def _entry(notice: Notice, public_url: str) -> str:
    return (
        f"<entry><id>{uuid.UUID(hex=notice.id).urn}</id><title>{_text(notice.title)}</title>"
        f"<published>{instant(notice.opened_at)}</published><updated>{instant(notice.changed_at)}</updated>"
        f'<link rel="alternate" type="text/html" href="{_text(public_url)}/status"/>'
        f'<category term="{_text(notice.state.value)}"/><category term="impact {_text(notice.impact.value)}"/>'
        f'<content type="html">{_text(_content(notice))}</content></entry>'
    )


def _content(notice: Notice) -> str:
    """HTML in which what people wrote is text; it is escaped once more where it is put into XML."""
    parts = f"<p>Affected: {escape(affected(notice.parts))}.</p>" if notice.parts else ""
    lines = (
        f"<p>{instant(line.at)} <strong>{escape(line.state.value)}</strong>: {escape(line.words)}</p>"
        for line in reversed(notice.lines)
    )
    return parts + "".join(lines)


def _text(words: str) -> str:
    return escape(_NO_XML.sub("", words))
