"""Memory beside a hundred thousand rows: the collector looks at them while nobody waits, not amid keys, and what a
large piece of work needed once goes back to the system.

Rows are no garbage, and no part of a ring; counting their references is enough. But the collector goes through all
that is there again and again, 0.1 to 0.2 seconds at a time for a large list. So what a large list holds is put aside as
soon as it is read. Rings that were put aside with it (dialogs that were closed) are found when the keys have rested.
"""

from __future__ import annotations

import gc

LARGE = 5_000
"""Rows from which a list is large."""
_put_aside = False


def put_aside() -> None:
    """A large list was read: the collector need not look at it, nor at anything else that is there now."""
    global _put_aside  # the collector itself is one for the process
    gc.freeze()
    _put_aside = True


def look_through() -> bool:
    """Nobody waits for a key: look through everything, once after something was put aside. Gives whether it did."""
    global _put_aside  # as above
    if not _put_aside or not gc.isenabled():
        return False
    _put_aside = False
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return True


def give_back() -> bool:
    """A large piece of work is done in a thread: what it needed and nobody holds any more goes back to the system.

    The C library keeps it for later otherwise, in the heap of a thread that has ended (P-MEM). It takes a few
    milliseconds, without the interpreter's lock. Gives whether anything went; other libraries than glibc cannot be
    asked.
    """
    import ctypes  # only where there was something large: a few ms

    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return False
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return bool(trim(0))
