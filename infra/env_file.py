"""The `.env` of a checkout: written once with generated secrets, read by `make run` and `make demo` and nobody else."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / ".env"
GENERATED = ("READBACK_VAPI_SECRETS", "READBACK_TOOLS_SECRETS", "READBACK_ADMIN_TOKEN")


def ensure(file: Path = FILE) -> bool:
    """Write the file with fresh secrets, for its owner alone, unless it is there. True if it was written."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(
            "# Read by `make run` and `make demo` only; a variable of the environment wins over its line here.\n"
        )
        opened.writelines(f"{name}={secrets.token_urlsafe(24)}\n" for name in GENERATED)
    return True


def read(file: Path = FILE) -> dict[str, str]:
    """The variables of the file: `NAME=value` lines, value optionally in quotes, `#` lines left out."""
    found: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        value = value.strip()
        if separator and name.strip() and not name.startswith("#"):
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            found[name.strip()] = value[1:-1] if quoted else value
    return found


def merged(environ: Mapping[str, str], file: Path = FILE) -> dict[str, str]:
    """`environ` over the file. A variable given there, by value or by `_FILE`, takes both of its forms from there."""
    given = {name.removesuffix("_FILE") for name, value in environ.items() if value.strip()}
    from_file = {name: value for name, value in read(file).items() if name.removesuffix("_FILE") not in given}
    return {**environ, **from_file}
