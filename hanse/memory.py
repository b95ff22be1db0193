"""What the C library and Python's collector are told about memory, once, at the start of a process."""

import ctypes
import gc
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE = 1 << 20
"""A block of this size is the system's again when it is freed."""
_SPARE = 4 << 20
"""So much may stay free at the end of the heap, so that it is not cut and grown all the time."""
_ARENAS = 2


def keep_little() -> None:
    """Let large blocks go back to the system when they are freed, and threads share their heaps.

    glibc learns from the first large block that is freed (a password's 19 MB, a read result) to keep such blocks, up to twice
    their size and in each thread's heap, for ever; a threshold that was set is not learned over. Other C libraries do not know these
    settings; nothing is lost there.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_M_TRIM_THRESHOLD, _SPARE)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)


def collect_what_comes() -> None:
    """Let Python's collector of cycles pass over all that is loaded by now. Called when a process has loaded its code and before
    it serves.

    That is a quarter of a million objects which live as long as the process does. Going through them stops everything for
    0.15 s and longer, and comes again whenever what stays has grown by a quarter, as sagas at hand make it.
    """
    gc.collect()
    gc.freeze()
