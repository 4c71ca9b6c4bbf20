"""The executor: carries confirmed plans out, in a thread of its own (RELIABILITY "Money: at most once, and known")."""

from billtui.services.executor.events import JobEvent, Listener
from billtui.services.executor.executor import Executor
from billtui.services.executor.run import Limits

__all__ = ["Executor", "JobEvent", "Limits", "Listener"]
