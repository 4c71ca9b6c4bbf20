"""What a command is: its keys, where it works, what it can do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Where a command works. A screen names its scopes, most particular first."""

    GLOBAL = "everywhere"
    LIST = "lists"
    OVERVIEW = "overview"
    INVOICES = "invoices"
    INVOICE = "invoice"
    ORDERS = "orders"
    ORDER = "order"
    BULK = "bulk order"
    JOBS = "jobs"
    JOB = "job"
    BALANCE = "balance"
    SETTINGS = "settings"
    PLANNER = "planner"
    SOLVER = "cheapest way"
    LINE_UP = "line up"
    WHAT_IF = "what if"
    AGENDA = "agenda"
    TRANSFERS = "transfers"
    ACCOUNT = "account"
    SESSIONS = "sessions"
    API_KEYS = "API keys"
    NOTIFICATIONS = "notifications"
    ACCOUNTS = "all accounts"
    TICKETS = "tickets"
    QUEUE = "queue"
    TRIAGE = "triage"
    THREAD = "thread"
    COMPOSER = "writing"
    CANNED = "canned replies"
    SHIFT = "shift"


class Danger(StrEnum):
    """What a command can do. Anything beyond ``NONE`` asks before it acts."""

    NONE = "looks only"
    CHANGES = "changes something; can be changed back"
    MONEY = "spends or promises money"
    DESTRUCTIVE = "cannot be taken back"


@dataclass(frozen=True, slots=True)
class Command:
    """One action: what it is called, which keys run it, where it works, what it can do."""

    id: str
    """``area.verb``; also the id of its key binding, so that a keymap can name it."""
    title: str
    help: str
    keys: tuple[str, ...]
    scope: Scope
    danger: Danger = Danger.NONE
    capability: str | None = None
    """What the panel must be able to do; without it the command is shown disabled with that reason."""
    verb: str | None = None
    """The command line that does the same."""
    bar: int = 0
    """Rank in the key bar: 1 first; 0 is not shown there."""
    short: str = ""
    """Its word in the key bar, where the title is too long."""
    in_palette: bool = True
    at_once: bool = False
    """Whether it writes without a question: then its key counts only where its typist saw what it is about."""

    @property
    def writes(self) -> bool:
        """Whether it sends a write to the panel: a read-only profile refuses it."""
        return self.danger is not Danger.NONE
