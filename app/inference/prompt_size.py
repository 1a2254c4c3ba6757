"""How many tokens a question can be at most, whoever counts them: a bound for money and windows, not a count."""

import json

from app.inference.model import Question

ASCII_SIGNS_PER_TOKEN = 2
"""English and JSON have three to five; strings without sense come down to two."""
OVERHEAD = 12
"""Tokens round every message and tool that a provider adds."""


def tokens_of(text: str) -> int:
    """At most so many: one for every byte that is not ASCII."""
    if text.isascii():
        return -(-len(text) // ASCII_SIGNS_PER_TOKEN)
    plain = sum(sign.isascii() for sign in text)
    return -(-plain // ASCII_SIGNS_PER_TOKEN) + len(text.encode("utf-8", "replace")) - plain


def tokens_at_most(question: Question) -> int:
    """Of everything that is sent."""
    parts = [question.system, json.dumps(question.shape, default=dict)]
    parts += [tool.name + tool.description + json.dumps(tool.parameters, default=dict) for tool in question.tools]
    for message in question.messages:
        parts.append(message.text + message.tool + message.answers)
        parts += [call.name + call.arguments + call.id for call in message.calls]
    return sum(tokens_of(part) + OVERHEAD for part in parts)
