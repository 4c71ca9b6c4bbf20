"""What of this process others could read: its environment as the system shows it, and its memory in a core file.

Children inherit the second (fork and exec keep it), so keyring process, password command and reference panel leave no
core with anything in it either. What is left readable is what the same user may always read: a live process's memory.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import MutableMapping
from pathlib import Path

KEEP_CORES = "BILLTUI_CORE_DUMPS"
"""Set to 1 it leaves core files as they are: for somebody who looks for a fault in the interpreter."""

SECRET_VARIABLES = ("BILLTUI_TOKEN", "BILLTUI_PASSWORD")
"""Environment variables that hold a secret: they are taken out at the start, and no child ever gets them."""

_FILTER = Path("/proc/self/coredump_filter")


def keep_out_of_cores(filter_file: Path = _FILTER) -> bool:
    """See to it that a core file holds no memory; says whether that is so. Call it before the first secret is read.

    No core is written where the system obeys the limit. Where a handler takes it all the same (a pattern with a pipe),
    the filter leaves every mapping out. Debuggers and profilers of the same user attach as ever.
    """
    if os.environ.get(KEEP_CORES) == "1":
        return False
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    try:
        filter_file.write_text("0")
    except OSError:  # not Linux, or a kernel without it
        return False
    return True


def erase_variable(name: str) -> None:
    """Overwrite a variable's value where the process got it: taking it out of the environment leaves it readable.

    ``/proc/PID/environ`` shows the bytes that the program was started with, whatever it did to its variables since.
    """
    import ctypes  # only where there is something to erase: a few ms

    get = ctypes.CDLL(None).getenv
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    if address := get(name.encode()):
        ctypes.memset(address, 0, len(ctypes.string_at(address)))


def take_variables(environment: MutableMapping[str, str]) -> list[str]:
    """Take :data:`SECRET_VARIABLES` out of ``environment``, so that no child gets them; their values, in that order.

    Those of this process (``os.environ``) are overwritten as well: the list of processes shows them no longer.
    """
    taken: list[str] = []
    for name in SECRET_VARIABLES:
        value = environment.get(name, "")
        if value and environment is os.environ:
            erase_variable(name)
        environment.pop(name, None)
        taken.append(value)
    return taken
