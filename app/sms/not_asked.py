"""Words that sound like a wish and are told of: whoever was to come did not, and they will book again by themselves."""

import re

NO_SHOW = re.compile(
    r"\b(?:nobody|no ?one|never|did ?n[o']?t|has ?n[o']?t|have ?n[o']?t)(?: \w+){0,2}? "
    r"(?:show(?:ed|n)?(?: up)?|came|come|turn(?:ed)? up|arrived?)\b(?! back)|\bno[- ]show\b"
)
"""A visit that did not take place is for a person, now."""
BOOKS_LATER = re.compile(r"(?:'ll|\bwill|\bill|\bgoing to)(?: \w+){0,3} (?:re-?book|re-?schedule|book again)\b")
"""Beside a cancellation it asks for no other time yet."""
