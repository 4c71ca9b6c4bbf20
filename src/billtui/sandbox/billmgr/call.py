"""One call of a function: what it is given, and the table of all functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from billtui.domain import roles
from billtui.sandbox.billmgr.access import Who
from billtui.sandbox.billmgr.nodes import Doc, Raw
from billtui.sandbox.billmgr.quirks import Quirks
from billtui.sandbox.billmgr.request import Form
from billtui.sandbox.billmgr.words import said
from billtui.sandbox.engine.unit import Tx

if TYPE_CHECKING:
    from billtui.sandbox.database import Database


class How(Enum):
    """What kind of transaction a function works in."""

    READ = "read"
    FORM = "form"
    """Read, but a write when it is sent with ``sok`` and without ``sv_field``."""
    PRICED = "priced"
    """As a form; what it does to show a price is undone."""
    ACT = "act"
    """A write, with ``sok`` or without (wire: 6, plain actions)."""
    OWN = "own"
    """It has transactions of its own: hashing takes long."""


class For(Enum):
    """Who may call it."""

    ANYBODY = "anybody"
    HALF = "half"
    """Also who has not shown the second factor yet."""
    SIGNED_IN = "signed in"
    CLIENTS = "clients"
    STAFF = "staff"


@dataclass
class Call:
    """A call at work."""

    form: Form
    who: Who | None
    database: Database
    lang: str
    address: str = ""
    client: str = ""
    quirks: Quirks = ()
    renamed: bool = False
    """The list was asked for under the name that :attr:`Quirk.RENAMED_LIST` gives it."""
    cookie: str | None = None
    """A session that the browser is to keep."""
    remembered: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the panel is to remember of lists from now on (wire: 5)."""
    _tx: Tx | None = None

    @property
    def tx(self) -> Tx:
        """The open transaction."""
        assert self._tx is not None
        return self._tx

    @property
    def writes(self) -> bool:
        """Whether the form was sent to be done."""
        return self.form.writes

    @property
    def account_id(self) -> int:
        """Whose data it is about."""
        assert self.who is not None
        return self.who.caller.account_id

    def say(self, text: str) -> str:
        """A word of the panel in the language of the call."""
        return said(text, self.lang)

    def memory(self, name: str) -> dict[str, Any]:
        """What is remembered of a list, or under an empty name of the account's settings."""
        found = self.tx.sql(
            "SELECT kept FROM billmgr_memory WHERE account_id = ? AND list = ?", (self.account_id, name)
        ).fetchone()
        kept: dict[str, Any] = {} if found is None else json.loads(found[0])
        return kept

    def remember(self, name: str, kept: dict[str, Any]) -> None:
        """Remember it, after the call where that only reads."""
        self.remembered[name] = kept


Answer = Doc | Raw
Run = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the panel."""

    name: str
    run: Run
    how: How
    open_to: For

    def allows(self, who: Who | None) -> bool:
        """Whether somebody may call it."""
        if self.open_to is For.ANYBODY:
            return True
        if who is None or (who.half and self.open_to is not For.HALF):
            return False
        staff = who.caller.role in roles.STAFF
        return not (staff and self.open_to is For.CLIENTS) and (staff or self.open_to is not For.STAFF)


FUNCTIONS: dict[str, Function] = {}
"""Every function that is served, by name."""


def function(*names: str, how: How = How.READ, open_to: For = For.CLIENTS) -> Callable[[Run], Run]:
    """Serve a function under these names."""

    def register(run: Run) -> Run:
        for name in names:
            assert name not in FUNCTIONS, name
            FUNCTIONS[name] = Function(name, run, how, open_to)
        return run

    return register


def keep_memory(tx: Tx, account_id: int, remembered: dict[str, dict[str, Any]]) -> None:
    """Write down what the panel remembers of lists."""
    for name, kept in remembered.items():
        tx.sql(
            "INSERT INTO billmgr_memory (account_id, list, kept) VALUES (?, ?, ?)"
            " ON CONFLICT (account_id, list) DO UPDATE SET kept = excluded.kept",
            (account_id, name, json.dumps(kept, sort_keys=True)),
        )
