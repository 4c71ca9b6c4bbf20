"""The executor: carries confirmed plans out, in a thread of its own (RELIABILITY "Money: at most once, and known")."""

from billtui.services.executor.desk import AWAITS_PAYMENT
from billtui.services.executor.events import JobEvent, Listener
from billtui.services.executor.executor import Executor
from billtui.services.executor.run import Limits

__all__ = ["AWAITS_PAYMENT", "Executor", "JobEvent", "Limits", "Listener"]
