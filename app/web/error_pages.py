"""What a person's browser shows where a program gets a word of JSON: the same status, and what to do next."""

from html import escape
from http import HTTPStatus
from typing import Final

from starlette.types import Scope

from app.web.answer import Answer

HTML: Final = b"text/html; charset=utf-8"
HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
)
_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:34rem;"
    "padding:0 1rem;overflow-wrap:anywhere}h1{font-size:1.4rem;line-height:1.3}"
    "button,input{font:inherit;padding:.7rem;width:100%;box-sizing:border-box;margin:.4rem 0}"
)
_TRY_AGAIN: Final = ("Something went wrong", "Nobody needs to know more about it from you: try again in a moment.")
_TOLD: Final = {
    401: (
        "This link does not open anything",
        "Part of it may be missing, or it is not one of ours. Open the newest message about this once more, and use "
        "the whole link.",
    ),
    404: ("There is no such page", "The address may be mistyped, or out of date."),
    429: ("Too many tries", "Wait a minute, then open the newest link you have."),
}
OF_PAGES: Final = ("/dashboard", "/pages/")
_DASHBOARD: Final = '<p><a href="/dashboard">To the dashboard</a>, where every page and incident is listed.</p>'


def document(title: str, body: str) -> str:
    """A whole page. `body` is HTML; `title` too."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )


def in_words(refusal: Answer, scope: Scope) -> Answer:
    """A refusal as whoever asked can read it: a page for a browser, else as it is. Only programs post elsewhere than to
    pages, whatever they say they accept.
    """
    path = scope["path"]
    opened = scope["method"] in ("GET", "HEAD") or path.startswith(OF_PAGES)
    if not opened or not any(name == b"accept" and b"text/html" in value for name, value in scope["headers"]):
        return refusal
    title, told = _TOLD.get(refusal.status, _TRY_AGAIN if refusal.status >= 500 else (_phrase(refusal.status), ""))
    way = _DASHBOARD if path == "/" or path.startswith(OF_PAGES) else ""
    page = document(escape(title), f"<p>{escape(told)}</p>{way}" if told else way)
    return Answer(page.encode(), refusal.status, HTML, (*refusal.headers, *HEADERS))


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
