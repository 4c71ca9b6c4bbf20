"""What fails in the program itself while jobs go on: kept as a report of its places in the code, without values.

Nothing is written where a person or a script reads: a trace quotes values, of the panel and of secrets, and Python
writes it on standard error where nobody takes it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import Final

from billtui import __version__
from billtui.config.errors import ConfigError
from billtui.config.paths import state_dir
from billtui.terminal.crash import describe_error, report_crash

REPORT_SAYS_WHERE: Final = "a report says where (billtui doctor names it)"
_MOST: Final = 10
"""Different faults of one run that are kept: what fails again and again pushes no other report out."""
_LOGGERS: Final = ("billtui", "asyncio")
"""Whose records are taken: the program's own, and what its event loops tell of tasks that nobody waits for."""


class Reports(logging.Handler):
    """Makes a report of each fault, of the same one once. Whatever else is logged goes nowhere."""

    def __init__(self) -> None:
        """Nothing has failed yet."""
        super().__init__(logging.ERROR)
        self._known: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the error of ``record``, where it has one."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self.keep(error)

    def keep(self, error: BaseException) -> None:
        """Make a report of ``error``, unless the same one was kept."""
        places = "\n".join(describe_error(error))
        if places in self._known or len(self._known) >= _MOST:
            return
        self._known.add(places)
        with contextlib.suppress(ConfigError):
            report_crash(error, state_dir() / "crashes", version=__version__)


_reports: Final = Reports()


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and failed.exc_type is not SystemExit:
        _reports.keep(failed.exc_value)


def keep_reports() -> None:
    """From now on, once for the whole program; what ends a thread as well, unless somebody else hears of that."""
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_failed
    for name in _LOGGERS:
        logging.getLogger(name).addHandler(_reports)  # a handler that is there already is not added again
