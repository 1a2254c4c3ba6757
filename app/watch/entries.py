"""What waits to be kept: a page that rang, one that was told of and lasts, an end, and what is past. Pure."""

from app.watch.book import Book, Name
from app.watch.directly import MOST_KEY_CHARS, Rung
from app.watch.pages import Lasting, Page, Past

Entry = Rung | Lasting | Name | Past


def name_of(entry: Entry) -> Name:
    """Kind and key of the page it is about."""
    if isinstance(entry, tuple):
        return entry
    page = entry if isinstance(entry, Rung) else entry.so_far.page if isinstance(entry, Lasting) else entry.page
    return page.kind, page.key


def as_kept(book: Book, entry: Entry) -> Page | Lasting | Name | Past:
    """As the book takes it."""
    if isinstance(entry, Rung):
        return entry.as_page(book.business_of(entry.extra) or "")
    return (entry[0], entry[1][:MOST_KEY_CHARS]) if isinstance(entry, tuple) else entry
