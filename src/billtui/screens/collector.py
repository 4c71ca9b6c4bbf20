"""Python's garbage collector beside a hundred thousand rows: it looks at them while nobody waits, not amid keys.

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
