"""CPU time, memory and open files of a process and its children, from /proc; without it there is no figure."""

import os
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MB = 1_048_576
CORES = os.cpu_count() or 1


def cpu_s(pid: int) -> float | None:
    """User and system time of the tree so far, in seconds."""
    times = [_ticks(member) for member in tree(pid)]
    return sum(times) / TICKS_PER_S if times else None


def rss_mb(pid: int) -> float | None:
    """Resident memory of the tree, in MB of 2^20 bytes."""
    pages = [int(text.split()[1]) for member in tree(pid) if (text := _read(member, "statm"))]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / MB if pages else None


def open_files(pid: int) -> int | None:
    """Open file descriptors of the tree, sockets among them."""
    try:
        return sum(len(list((PROC / str(member) / "fd").iterdir())) for member in tree(pid)) or None
    except OSError:
        return None


def machine_s() -> float | None:
    """What everybody on this machine has used so far, in seconds of one core: all but idle and waiting (proc(5))."""
    try:
        fields = [int(ticks) for ticks in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]]
    except (OSError, ValueError):
        return None
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS_PER_S


def tree(pid: int) -> list[int]:
    """The process and everything it started; empty without /proc."""
    if not (PROC / str(pid)).is_dir():
        return []
    found = [pid]
    for thread in (PROC / str(pid) / "task").glob("*/children"):
        for child in thread.read_text().split():
            found.extend(tree(int(child)))
    return found


def _ticks(pid: int) -> int:
    """utime and stime: fields 14 and 15, counted after the name, which may hold spaces (proc(5))."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text()
    except OSError:
        return ""
