"""Lists as JSON straight from the copy on this machine: no models, no event loop, no HTTP library (P-START-3).

What is understood here is written as the session's way writes it, byte for byte: both take rows, order and form from
:mod:`billtui.cli.listing`. Whatever is not understood (another option, a profile or a copy that is not plainly right, a
file that others could touch) is left to the session, which says or repairs what is wrong: nothing is refused here.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from billtui.cli import listing
from billtui.cli.exits import Exit
from billtui.cli.needs import NEEDS
from billtui.config.errors import ConfigError
from billtui.config.kinds import USUAL_KIND
from billtui.config.paths import check_private_dir, data_dir, state_dir
from billtui.config.plain_profiles import plain_profile, without_profile
from billtui.config.process_memory import take_variables
from billtui.domain.roles import STAFF
from billtui.domain.safetext import clean
from billtui.services.account_files import file_of
from billtui.services.order_tags import OrderTags
from billtui.services.read_marks import ReadMarks, unread_tickets
from billtui.services.store.known import KnownAccounts
from billtui.services.store.list_reader import ListReader
from billtui.services.store.schema import StoreDamaged

if TYPE_CHECKING:
    from billtui.cli.output import Output

ELSEWHERE = ("demo", "where", "select", "from_file", "search", "order")
"""Options that need more than rows of the copy of a profile."""


class _NotPlain(Exception):
    """The session's way is needed."""


class _Copy(NamedTuple):
    """The copy of a profile's account."""

    rows: ListReader
    synced: datetime
    panel_id: str
    account_id: str
    login: str
    role: str
    capabilities: tuple[str, ...]

    def needs(self, capability: str) -> None:
        """Raises _NotPlain where the panel may not have it: the refusal is the session's."""
        if self.capabilities and capability not in self.capabilities:
            raise _NotPlain

    def own_file(self, folder: str) -> Path:
        """A person's own file about this account."""
        return file_of(state_dir(), folder, self.panel_id, self.account_id)


def answer(options: argparse.Namespace, out: Output) -> Exit | None:
    """List what ``options`` ask for and give the exit code, or ``None`` where that is left to the session."""
    found = None
    kind, fields = _LISTS.get(options.verb.run, (None, None))
    if kind is None or fields is None or not (options.json and options.offline):
        return None
    if any(getattr(options, name, None) not in (None, False) for name in ELSEWHERE):
        return None
    try:
        copy = _open(options)
        try:
            found = fields(options, copy)
        finally:
            copy.rows.close()
    except (_NotPlain, ConfigError, StoreDamaged, sqlite3.Error, OSError, ValueError, KeyError, TypeError):
        return None
    take_variables(os.environ)  # nothing needs them; while a reader takes its time, others could see them
    out.document(kind, **found)
    return Exit.DONE


def _open(options: argparse.Namespace) -> _Copy:
    url = options.url
    profile = without_profile(url, options.login or "") if url else plain_profile(options.profile)
    if profile is None:
        raise _NotPlain
    accounts = KnownAccounts(data_dir())
    known = accounts.get(profile.name, profile.url, profile.login)
    if known is None:
        raise _NotPlain
    path = accounts.store(known)
    check_private_dir(path.parent)
    if path.lstat().st_mode & 0o177077 != 0o100000:  # no plain file, or one to be made private again
        raise _NotPlain
    rows = ListReader(path, _damaged)
    try:
        copy = _copy(rows)
        needed = NEEDS.get(options.verb.path)
        if profile.kind != USUAL_KIND and needed is not None and needed not in copy.capabilities:
            raise _NotPlain  # a panel that can less: the session knows, and says what to do instead
        return copy
    except BaseException:
        rows.close()
        raise


def _copy(rows: ListReader) -> _Copy:
    synced, account = rows.synced_at(), json.loads(rows.account_text() or "null")
    if synced is None or account is None:  # of another version, or never whole
        raise _NotPlain
    return _Copy(
        rows,
        synced,
        account["panel_id"],
        account["account_id"],
        clean(account["login"]),
        clean(account["role"]),
        tuple(map(clean, account.get("capabilities", ()))),
    )


def _damaged(_reason: str) -> NoReturn:
    raise _NotPlain


def _orders(options: argparse.Namespace, copy: _Copy) -> dict[str, Any]:
    rows = listing.listed_orders(options, copy.rows.orders(), int(datetime.now(UTC).timestamp()))
    return listing.orders_document(options, rows, copy.synced, OrderTags(copy.own_file("tags")).all())


def _invoices(options: argparse.Namespace, copy: _Copy) -> dict[str, Any]:
    return listing.invoices_document(options, listing.listed_invoices(options, copy.rows.invoices()), copy.synced)


def _transfers(options: argparse.Namespace, copy: _Copy) -> dict[str, Any]:
    return listing.transfers_document(options, listing.listed_transfers(options, copy.rows.transfers()), copy.synced)


def _tickets(options: argparse.Namespace, copy: _Copy) -> dict[str, Any]:
    copy.needs("tickets")
    unread = unread_tickets(copy.rows, ReadMarks(copy.own_file("read")), staff=copy.role in STAFF)
    chosen = listing.chosen_tickets(options, copy.rows.tickets(), login=copy.login, order_id=None)
    rows = listing.listed_tickets(options, chosen, unread)
    return listing.tickets_document(options, rows, copy.synced, unread)


_LISTS: dict[str, tuple[str, Callable[[argparse.Namespace, _Copy], dict[str, Any]]]] = {
    "orders:list_all": ("orders", _orders),
    "invoices:list_all": ("invoices", _invoices),
    "transfers:list_all": ("transfers", _transfers),
    "tickets:list_all": ("tickets", _tickets),
}
"""By the place of the verb's code: the kind of document, and how its fields are made."""
