"""What the local copy of one account says about money and time: unpaid invoices, and orders that run out.

Reads a file and asks nobody. Nothing of two accounts is ever added together, nor two currencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from billtui.services.store import KnownAccounts, StoreReader, money

if TYPE_CHECKING:
    from billtui.config.profiles import Profile
    from billtui.domain.models import Account
    from billtui.domain.money import Money
    from billtui.services.session_settings import SessionSettings
    from billtui.services.store.rows import EndingRow

DAYS = 30
"""How far ahead an order's end is listed."""
FIRST_ORDERS = 100
"""So many of each account are read for the first view: the soonest of all accounts are among them."""
MOST_ORDERS = 1_000
"""Orders of one account in the list, the soonest ends first; how many more there are is said."""
ON_INVOICE = "on an open invoice (BLK-5)"
IN_TRANSFER = "in a transfer (TRF-6)"
CLIENT = "client"
_DAY = 86_400


class Kind(StrEnum):
    """What a line is about."""

    ACCOUNT = "account"
    INVOICE = "invoice"
    ORDER = "order"


class Owing(NamedTuple):
    """Open invoices of one account in one currency."""

    number: int
    total: Money


class AccountRow(NamedTuple):
    """One invoice or order of one of several accounts. Instants are epoch seconds, amounts cents."""

    key: str
    """The profile and the id: two accounts may have the same ids."""
    profile: str
    login: str
    account_id: str
    kind: Kind
    id: str
    title: str
    detail: str
    state: str
    at: int | None
    """When it is due, or ends."""
    amount: int
    """Of an invoice its total, of an order its monthly price."""
    currency: str
    auto: bool = False
    """Renews itself (REN-4)."""
    refusal: str = ""
    """Why it cannot be renewed (BLK-5, TRF-6); empty where nothing is known against it."""


@dataclass(frozen=True, slots=True)
class AccountCopy:
    """What is known of a profile's account without asking. ``known`` is false before its first sign-in here."""

    profile: Profile
    panel_id: str = ""
    panel_name: str = ""
    account_id: str = ""
    login: str = ""
    role: str = CLIENT
    known: bool = False
    synced_at: datetime | None = None
    internal: Money | None = None
    affiliate: Money | None = None
    owing: tuple[Owing, ...] = ()
    """One entry a currency."""
    ending: int = 0
    """Running or blocked orders that end within :data:`DAYS`, or have ended."""
    listed: int = 0
    """Of these so many are among the rows."""
    rows: tuple[AccountRow, ...] = ()

    @property
    def is_staff(self) -> bool:
        """Whether it is support's or an administrator's: what it sees is everybody's, and nothing of it is its own."""
        return self.role != CLIENT

    @property
    def identity(self) -> tuple[str, str]:
        """Which account of which panel."""
        return self.panel_id, self.account_id

    @property
    def not_listed(self) -> int:
        """Ending orders that are not among the rows."""
        return self.ending - self.listed


class _Who(TypedDict):
    panel_id: str
    panel_name: str
    account_id: str
    login: str
    role: str
    known: bool


def row_key(profile: str, kind: Kind, object_id: str) -> str:
    """The identity of a line in the list of several accounts."""
    return f"{profile}/{kind}:{object_id}"


def read_copy(profile: Profile, settings: SessionSettings, now: datetime, *, most: int = MOST_ORDERS) -> AccountCopy:
    """The copy of a profile's account as its last session left it; ``now`` is the panel's time as far as known.

    Safe to call from any thread: the file is opened and closed in here. At ``most`` so many
    orders are among its rows; with 0 only the sums are read.
    """
    known = KnownAccounts(settings.data_dir)
    visited = known.get(settings.profile, settings.connection.url, settings.login)
    if visited is None or not (path := known.store(visited)).exists():
        return AccountCopy(profile, login=profile.login)
    store = StoreReader(path)
    try:
        return copy_of(profile, store, store.account(), now, most=most)
    finally:
        store.close()


def copy_of(
    profile: Profile, store: StoreReader, account: Account | None, now: datetime, *, most: int = MOST_ORDERS
) -> AccountCopy:
    """The same from an open store."""
    if account is None:
        return AccountCopy(profile, login=profile.login)
    if str(account.role) != CLIENT:
        return AccountCopy(profile, **_who(profile, account), synced_at=store.synced_at())
    until = int(now.timestamp()) + DAYS * _DAY
    ending = store.count_ending_until(until)
    return AccountCopy(
        profile,
        **_who(profile, account),
        synced_at=store.synced_at(),
        internal=account.balances.internal,
        affiliate=account.affiliate,
        owing=_owing(store),
        ending=ending,
        listed=min(ending, most),
        rows=_rows(profile, store, account, until, most) if most else (),
    )


def _who(profile: Profile, account: Account) -> _Who:
    return {
        "panel_id": account.panel_id.raw,
        "panel_name": str(account.panel_name) or profile.host,
        "account_id": str(account.account_id),
        "login": str(account.login),
        "role": str(account.role),
        "known": True,
    }


def _owing(store: StoreReader) -> tuple[Owing, ...]:
    sums: dict[str, tuple[int, int]] = {}
    for row in store.open_invoices():
        count, cents = sums.get(row.currency, (0, 0))
        sums[row.currency] = count + 1, cents + row.total
    return tuple(Owing(count, money(cents, currency)) for currency, (count, cents) in sorted(sums.items()))


def _rows(profile: Profile, store: StoreReader, account: Account, until: int, most: int) -> tuple[AccountRow, ...]:
    who = profile.name, str(account.login), str(account.account_id)
    invoices = [
        AccountRow(
            row_key(profile.name, Kind.INVOICE, row.id),
            *who,
            Kind.INVOICE,
            row.id,
            row.number,
            row.title,
            row.state,
            row.promise_until if row.state == "promised" else row.due_at,
            row.total,
            row.currency,
        )
        for row in store.open_invoices()
    ]
    name, login, account_id = who
    prefix = row_key(name, Kind.ORDER, "")
    orders = [
        AccountRow(
            prefix + row.id, name, login, account_id, Kind.ORDER, row.id, row.name, f"{row.plan} · {row.location}",
            row.state, row.paid_until, row.price, row.currency, bool(row.auto_on), _refusal(row),
        )
        for row in store.brief_ending_until(until, most)
    ]  # fmt: skip
    return (*invoices, *orders)


def _refusal(row: EndingRow) -> str:
    if row.unpaid_invoice_id is not None:
        return ON_INVOICE
    return IN_TRANSFER if row.transfer_id is not None else ""


def distinct(copies: Iterable[AccountCopy], first: str = "") -> tuple[list[AccountCopy], dict[str, str]]:
    """Each account once, and for every other profile of the same account the name of the one that stands for it.

    ``first`` (the profile that is open) goes before others, then one that may change things, then the file's order.
    """
    whole = list(copies)
    ranked = sorted(whole, key=lambda one: (one.profile.name != first, one.profile.read_only))
    standing: dict[tuple[str, str], str] = {}
    for one in ranked:
        if one.known:
            standing.setdefault(one.identity, one.profile.name)
    same = {
        one.profile.name: standing[one.identity]
        for one in whole
        if one.known and standing[one.identity] != one.profile.name
    }
    return [one for one in whole if one.profile.name not in same], same


def owing_words(owing: Sequence[Owing]) -> str:
    """``2 unpaid, 12.00 EUR``, one part for each currency."""
    parts = [f"{one.number} unpaid, {one.total}" for one in owing]
    return "; ".join(parts) if parts else "nothing unpaid"
