"""The status page for people: on a small phone, by day and by night, without scripts, and without anybody else's help.

Whatever a person wrote is shown as text.
"""

import base64
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Final

from app.watch.incidents import Impact
from app.watch.status import HISTORY_DAYS, MOST_OPEN, MOST_RESOLVED, Copy, Line, Notice
from app.web.answer import Header
from app.web.status_words import affected, instant, moment, sentence, word

_STYLE: Final = (
    ":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#57606a;--line:#d0d7de;"
    "--good:#116329;--bad:#a40e26;--odd:#7d4e00}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--soft:#9aa4af;--line:#30363d;"
    "--good:#56d364;--bad:#ff7b72;--odd:#e3b341}}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:42rem;padding:1rem;color:var(--ink);"
    "background:var(--paper);overflow-wrap:anywhere}"
    "h1{font-size:1.3rem;line-height:1.35;margin:1rem 0;padding:.8rem;border-left:.4rem solid var(--odd)}"
    "h1.normal{border-color:var(--good)}h1.major{border-color:var(--bad)}"
    "h2{font-size:1.1rem;margin:2rem 0 .5rem}article h2{font-size:1rem;margin:0}"
    "article,details{border:1px solid var(--line);border-radius:.4rem;padding:.8rem;margin:.8rem 0}"
    "summary{padding:.3rem 0;cursor:pointer}ol{list-style:none;margin:.8rem 0 0;padding:0}"
    "li{border-top:1px solid var(--line);padding:.6rem 0}p{margin:.2rem 0}"
    ".soft,time{color:var(--soft);font-size:.9rem}a{color:inherit}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest())
HEADERS: Final[tuple[Header, ...]] = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'sha256-%s'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
        % _STYLE_HASH,
    ),
    (b"referrer-policy", b"no-referrer"),
)
MOST_KEPT: Final = 2 * (MOST_OPEN + MOST_RESOLVED)
"""Incidents whose part of the page is kept: with a new minute, or a new word, the others need not be written again."""
_IMPACTS: Final = {Impact.NONE: "no impact", Impact.MINOR: "minor impact", Impact.MAJOR: "major impact"}


def page(copy: Copy) -> bytes:
    """The page as UTF-8."""
    told = escape(sentence(copy))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<link rel="alternate" type="application/atom+xml" title="Status" href="/status.atom">'
        f"<title>{told}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1 class="{word(copy)}">{told}</h1>'
        f"{''.join(map(_open, copy.open))}{_history(copy)}</main><footer>{_foot(copy)}</footer></body></html>"
    ).encode("utf-8", "replace")


@lru_cache(maxsize=MOST_KEPT)
def _open(notice: Notice) -> str:
    return f"<article><h2>{escape(notice.title)}</h2>{_about(notice)}{_lines(notice)}</article>"


def _history(copy: Copy) -> str:
    if copy.as_of is None:
        return ""
    heading = f"<h2>The last {HISTORY_DAYS} days</h2>"
    return heading + ("".join(map(_resolved, copy.resolved)) or "<p>No incident was resolved in this time.</p>")


@lru_cache(maxsize=MOST_KEPT)
def _resolved(notice: Notice) -> str:
    summary = f"<summary><strong>{escape(notice.title)}</strong> {_time(notice.opened_at)}</summary>"
    return f"<details>{summary}{_about(notice)}{_lines(notice)}</details>"


def _about(notice: Notice) -> str:
    facts = [notice.state.value, _IMPACTS[notice.impact]]
    facts += [affected(notice.parts)] if notice.parts else []
    facts += ["some are affected"] if notice.for_some else []
    return f'<p class="soft">{escape("; ".join(facts))}</p>'


def _lines(notice: Notice) -> str:
    """What was said, the newest first."""
    earlier = f'<li class="soft">{notice.earlier} earlier updates are not shown.</li>' if notice.earlier else ""
    return f"<ol>{''.join(map(_line, reversed(notice.lines)))}{earlier}</ol>"


def _line(line: Line) -> str:
    return (
        f"<li>{_time(line.at)} <strong>{escape(line.state.value.capitalize())}</strong>{_paragraphs(line.words)}</li>"
    )


def _paragraphs(words: str) -> str:
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in words.splitlines() if paragraph.strip())


def _time(seconds: float) -> str:
    return f'<time datetime="{instant(seconds)}">{moment(seconds)}</time>'


def _foot(copy: Copy) -> str:
    parts: Iterable[str] = () if copy.as_of is None else (f"Checked {_time(copy.as_of)}. ",)
    links = 'Times are in UTC. Also as <a href="/status.atom">feed</a> and <a href="/status.json">JSON</a>.'
    return f'<p class="soft">{"".join(parts)}{links}</p>'
