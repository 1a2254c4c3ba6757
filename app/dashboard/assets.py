"""The style and the script of the pages, under names that change with their content, so that they may be kept for good.

Compressed once, when they are first asked for. There is no build step: what is in the folder is what is sent.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

FOLDER: Final = Path(__file__).parent / "static"
KINDS: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FOR_GOOD: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    name: str
    kind: str
    plain: bytes
    packed: bytes
    etag: str


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Every file, by the name it has in the folder."""
    return {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS}


def address(name: str) -> str:
    """Where a file of the folder is found."""
    return f"/dashboard/static/{assets()[name].name}"


async def asset(request: Request) -> Response:
    """The file with this hashed name; 404 for any other."""
    asked = request.path_params["name"]
    found = next((one for one in assets().values() if one.name == asked), None)
    if found is None:
        return Response(status_code=404)
    headers = {"cache-control": FOR_GOOD, "etag": found.etag, "vary": "accept-encoding"}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"content-encoding": "gzip"}, media_type=found.kind)
    return Response(found.plain, headers=headers, media_type=found.kind)


def _read(path: Path) -> Asset:
    plain = path.read_bytes()
    digest = hashlib.sha256(plain).hexdigest()[:12]
    name = f"{path.stem}.{digest}{path.suffix}"
    return Asset(name, KINDS[path.suffix], plain, gzip.compress(plain, mtime=0), f'"{digest}"')
