"""What a carrier signals about texts, in types: one that came in, and what became of one that went out."""

from dataclasses import dataclass

SMS, WHATSAPP = "sms", "whatsapp"
"""Channels: one number of ours may be written to on both."""


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """One text as the carrier delivered it. `customer` and `line` are E.164, whatever the channel.

    `opt_out` is what the carrier itself made of it (STOP, START, HELP; it has answered then), empty otherwise. `form`
    is everything that came, as JSON.
    """

    id: str
    customer: str
    line: str
    body: str
    media: int = 0
    channel: str = "sms"
    opt_out: str = ""
    form: str = "{}"


@dataclass(frozen=True, slots=True)
class TextReport:
    """What became of a text of ours. `text` is our own id where the report carries it; `code` 0: no error.

    Reports come in any order, and more than once.
    """

    sid: str
    status: str
    text: str = ""
    code: int = 0
