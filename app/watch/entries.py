"""What waits to be kept: a page that rang, one that was told of and lasts, an end, and what is past. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from app.watch.book import Book, Name
from app.watch.directly import MOST_KEY_CHARS, Rung
from app.watch.escalation import receiver_id
from app.watch.pages import Lasting, Page, Past

Entry = Rung | Lasting | Name | Past


def name_of(entry: Entry) -> Name:
    """Kind and key of the page it is about."""
    if isinstance(entry, tuple):
        return entry
    page = entry if isinstance(entry, Rung) else entry.so_far.page if isinstance(entry, Lasting) else entry.page
    return page.kind, page.key


def lasting(so_far: Past, anew: Iterable[str]) -> Lasting:
    """Of those who were told, `anew` are told again at once, not in their turn."""
    ids = {receiver_id(url) for url in anew}
    reach = {name: one for name, one in so_far.progress.reach.items() if name not in ids}
    return Lasting(replace(so_far, progress=replace(so_far.progress, reach=reach)))


def as_kept(book: Book, entry: Entry) -> Page | Lasting | Name | Past:
    """As the book takes it."""
    if isinstance(entry, Rung):
        return entry.as_page(book.business_of(entry.extra) or "")
    return (entry[0], entry[1][:MOST_KEY_CHARS]) if isinstance(entry, tuple) else entry
