"""How the interpreter is tuned for callers who wait."""

import asyncio
import gc
import sys

from app import log, metrics

SWITCH_INTERVAL_S = 0.001
"""How long the database thread may keep the loop from running; the interpreter's own 5 ms would be heard."""
GARBAGE_THRESHOLDS = (50_000, 20, 50)
"""Collections are what makes the slowest requests slow: fewer of them, and none over what was there at start."""
FLUSH_LOG_EVERY_S = 0.2


async def flush_log() -> None:
    """Ordinary log lines and counts go out a few times a second instead of one by one."""
    log.flush_later(True)
    while True:
        await asyncio.sleep(FLUSH_LOG_EVERY_S)
        log.flush()
        metrics.hand_in()


def settle_interpreter() -> None:
    """What is there now stays; the collector need not walk it again."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
