"""Names for promises, derived from what they are about, so that the same promise made twice has one name."""

import hashlib
import json

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""As references of bookings: nothing in it sounds or looks like another sign's twin."""
SIGNS = 5


def digest(*parts: object) -> str:
    """32 hexadecimal digits that stand for these parts."""
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def reference(letter: str, name: str) -> str:
    """What a person can say of the promise with this digest: `letter` and five signs. Not a key: two may share it."""
    number, signs = int(name, 16), [letter]
    for _ in range(SIGNS):
        number, place = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[place])
    return "".join(signs)
