"""The executor: carries confirmed plans out, in a thread of its own (RELIABILITY "Money: at most once, and known")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.late import late

if TYPE_CHECKING:
    from billtui.services.executor.desk import AWAITS_PAYMENT
    from billtui.services.executor.events import JobEvent, Listener
    from billtui.services.executor.executor import Executor
    from billtui.services.executor.run import Limits

__all__ = ["AWAITS_PAYMENT", "Executor", "JobEvent", "Limits", "Listener"]

_NAMES = {
    "AWAITS_PAYMENT": "desk",
    "Executor": "executor",
    "JobEvent": "events",
    "Limits": "run",
    "Listener": "events",
}
__getattr__ = late(__name__, _NAMES)
