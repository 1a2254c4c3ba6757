"""How many refusals one source gets before it is told to wait.

Only refused requests count, and nothing else is ever limited here: platforms share addresses.
"""

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol

from app.clock import Clock
from app.errors import ReadbackError

BURST: Final = 30
"""Refusals in a row that are answered as such; enough for a platform whose secret was rotated a minute too early."""
REFILL_PER_S: Final = 0.5
SOURCES_MAX: Final = 10_000
"""Sources remembered; the one not seen longest is forgotten first."""
IPV6_SITE_BITS: Final = 64
"""What one customer of an access provider gets: addresses inside it are one source."""


@dataclass(slots=True)
class _Allowance:
    left: float
    at: float


class Buckets(Protocol):
    """Token buckets that several processes draw on."""

    async def take(self, source: str, burst: int, per_s: float) -> int | None:
        """One token: None when there was one, else whole seconds to wait. Raises a `ReadbackError` for "unknown"."""


class Refusals:
    """One token bucket for each source, and with `shared` one more that all processes have in common."""

    def __init__(
        self,
        clock: Clock,
        burst: int = BURST,
        per_s: float = REFILL_PER_S,
        sources_max: int = SOURCES_MAX,
        shared: Buckets | None = None,
    ) -> None:
        self._clock = clock
        self._burst = burst
        self._per_s = per_s
        self._sources_max = sources_max
        self._shared = shared
        self._allowances: OrderedDict[str, _Allowance] = OrderedDict()

    async def count(self, host: str) -> int | None:
        """One more refusal of this client address: None while it is within bounds, else whole seconds to wait.

        A flood ends at this process's own bucket, so the shared one is asked a bounded number of times.
        """
        source = source_of(host)
        wait_s = self._count_here(source)
        if wait_s is not None or self._shared is None:
            return wait_s
        try:
            return await self._shared.take(source, self._burst, self._per_s)
        except ReadbackError:
            return None

    def _count_here(self, source: str) -> int | None:
        now = self._clock.monotonic()
        allowance = self._allowances.get(source)
        if allowance is None:
            allowance = self._allowances[source] = _Allowance(self._burst, now)
            if len(self._allowances) > self._sources_max:
                self._allowances.popitem(last=False)
        self._allowances.move_to_end(source)
        allowance.left = min(self._burst, allowance.left + (now - allowance.at) * self._per_s)
        allowance.at = now
        if allowance.left < 1:
            return math.ceil((1 - allowance.left) / self._per_s)
        allowance.left -= 1
        return None

    def __len__(self) -> int:
        return len(self._allowances)


def source_of(host: str) -> str:
    """The source an address belongs to: an IPv4 address, or an IPv6 site; anything else as it is."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), IPV6_SITE_BITS), strict=False))
