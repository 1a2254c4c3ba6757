"""Readback. Loaded before anything else of it: what others bring along for people at a terminal stays out."""

import gc
import sys
from typing import Any

# structlog and httpx load rich and pygments wherever those are installed, for tracebacks and a command in colour: 4 MB
# of every process, and some of the time a command takes to start. Both do without; None keeps a module out.
_modules: dict[str, Any] = sys.modules
_modules.setdefault("httpx._main", None)
if "rich" not in _modules:
    _modules["rich"] = None
    import structlog as structlog

    del _modules["rich"]  # whoever else wants it may have it

# While a thousand modules load hardly anything of them is garbage, and looking for it took a sixth of the start.
gc.set_threshold(50_000, 10, 10)
