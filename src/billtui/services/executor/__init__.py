"""The executor: carries confirmed plans out, in a thread of its own (RELIABILITY "Money: at most once, and known")."""

from billtui.services.executor.events import JobEvent, Listener

__all__ = ["JobEvent", "Listener"]
