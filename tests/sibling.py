"""A worker of pytest-xdist as xdist sees it: passes its pipes on to the process that is forked, and ends when it does.

The same text is what that process then gets to run, in place of xdist's own.
"""

import socket
import sys
from typing import Any

channel: Any
"""Execnet's own."""

if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(sys.argv[1])
        socket.send_fds(line, [b"!"], [0, 1])
        line.recv(1)  # there is nothing to come but the end

if __name__ == "__channelexec__":
    from tests.siblings import resumed

    resumed(channel)  # noqa: F821 - it is there
