"""Rows of the local store: plain tuples of text and whole numbers, drawable as they are.

Instants are whole seconds since 1970 UTC (``None`` where there is none), money is whole cents, text has been cleaned
(SafeText). Objects in full are :class:`~billtui.domain.models.Order`, :class:`~billtui.domain.models.Invoice`,
:class:`~billtui.domain.models.Transfer` and :class:`~billtui.domain.models.Ticket`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from billtui.domain.money import Money


class OrderRow(NamedTuple):
    """One order in a list (ORD)."""

    id: str
    name: str
    kind: str
    plan: str
    location: str
    address: str
    """Empty where it has none."""
    state: str
    power: str
    created_at: int
    paid_until: int | None
    price: int
    """Monthly price in cents."""
    currency: str
    discount: str
    """Per cent, as the panel says it: ``"7"``, ``"12.5"``, ``"0"``."""
    individual_price: int
    """1 where the price is individual (DSC-4)."""
    auto_on: int
    auto_months: int
    billing_day: int
    in_use_since: int | None
    unpaid_invoice_id: str | None
    """The open invoice that blocks renewal (REN-2, BLK-5)."""
    transfer_id: str | None
    blocked_at: int | None
    """Since when it is blocked; it is deleted 7 days later (ORD-2)."""
    addons: int
    """What its add-ons cost a month, in cents, on top of ``price`` (ORD-5)."""
    addon_prices: str
    """The add-ons' monthly prices in cents, one by one: each is rounded by itself, ``"200 340"``."""
    auto_since: int | None
    """Since when auto-renewal is on (REN-4)."""
    auto_done_for: int | None
    """The paid-until whose auto-renewal was dealt with already (REN-4)."""
    promise_until: int | None
    """The deadline of the promise that runs for it (PRM-5)."""
    version: int


class EndingRow(NamedTuple):
    """What a list over several accounts shows of an order that ends."""

    id: str
    name: str
    plan: str
    location: str
    state: str
    paid_until: int
    price: int
    currency: str
    auto_on: int
    unpaid_invoice_id: str | None
    transfer_id: str | None


class InvoiceRow(NamedTuple):
    """One invoice in a list (INV)."""

    id: str
    number: str
    kind: str
    state: str
    issued_at: int
    due_at: int | None
    paid_at: int | None
    total: int
    """Cents."""
    currency: str
    title: str
    promise_until: int | None
    combined_into: str | None
    line_count: int
    version: int


class TransferRow(NamedTuple):
    """One order on its way from one account to another (TRF)."""

    id: str
    order_id: str
    order_name: str
    plan: str
    location: str
    address: str
    price: int | None
    """Monthly price in cents, where the panel tells it."""
    currency: str
    paid_until: int | None
    direction: str
    """``out`` or ``in``."""
    state: str
    counterparty: str
    """The login of the other side."""
    counterparty_id: str
    """Its account ID; empty where the panel does not tell it."""
    push_id: str
    created_at: int
    expires_at: int | None
    """When it expires unless somebody takes the next step (TRF-3)."""
    ended_at: int | None
    """When it came to an end, as far as its history tells."""
    why: str
    """Why it ended, where nobody pressed a button (TRF-6)."""
    confirmed: int
    """1 once the sender had confirmed it (TRF-2)."""
    version: int


class TicketRow(NamedTuple):
    """One ticket in a list (TKT)."""

    id: str
    number: str
    subject: str
    department: str
    """The department's id."""
    state: str
    """``open``, ``answered``, ``on hold`` or ``closed`` (TKT-5)."""
    priority: str
    account_id: str
    """Whose it is; empty where the panel does not tell it, as is ``login``."""
    login: str
    order_id: str
    invoice_id: str
    assignee: str
    """Login of the colleague who took it, or empty."""
    opened_by: str
    queue_place: int | None
    """TKT-7."""
    answer_due_at: int | None
    """When the first answer is due; ``None`` once it was given (TKT-10)."""
    first_answer_at: int | None
    created_at: int
    updated_at: int
    last_client_at: int | None
    """When the client last wrote."""
    last_staff_at: int | None
    """When support last answered; notes do not count."""
    last_message_id: str
    """What ``seen`` of a reply is held against (TKT-9)."""
    last_author_role: str
    """Who wrote the last message that is no note."""
    message_count: int
    hold_until: int | None
    closed_at: int | None
    reopen_until: int | None
    tags: str
    """Separated by spaces; for staff only."""
    access: str
    """``none``, ``given`` or ``wiped``: never the access itself (TKT-4)."""
    at_stake: int | None
    """Cents a month; for staff only."""
    currency: str
    merged_into: str
    rating: int | None
    version: int


class AttachmentRow(NamedTuple):
    """A file of a message (TKT-6)."""

    id: str
    name: str
    size: int
    """Bytes."""


class MessageRow(NamedTuple):
    """One message of a thread (TKT-6)."""

    n: int
    """Rises with the order in which messages were written."""
    id: str
    ticket_id: str
    author: str
    """Empty where the panel wrote by itself."""
    role: str
    """``client``, ``support``, ``admin`` or ``panel``."""
    at: int
    internal: int
    """1 for a note that only staff sees; no copy of a client holds one."""
    body: str
    attachments: tuple[AttachmentRow, ...]
    merged_from: str
    """The ticket that it was written in, where that was merged into this one; else empty (TKT-8)."""


class MessageHit(NamedTuple):
    """A message that was found."""

    ticket_id: str
    message_id: str
    number: str
    """Its ticket's, as is ``subject`` and ``state``."""
    subject: str
    state: str
    author: str
    at: int
    internal: int
    excerpt: str
    """One line of the message around the first word that was looked for."""


class LastWord(NamedTuple):
    """The last message of a ticket, as far as the ticket tells."""

    ticket_id: str
    message_id: str
    at: int
    """When the side that wrote last did."""


class HeldThread(NamedTuple):
    """How much of a ticket's thread is in the copy."""

    last_id: str | None
    """Id of the last message that is held; ``None`` where there is none."""
    whole: bool
    """Whether that is the whole thread, as far as the copy of the ticket tells."""


class Coverage(NamedTuple):
    """How much of the messages a search over the copy goes through."""

    tickets: int
    """Tickets in the copy."""
    whole: int
    """Those of which the whole thread is held."""
    messages: int


class ChangeRow(NamedTuple):
    """Something that happened to an object, as the store saw it."""

    number: int
    at: int
    kind: str
    """``order``, ``invoice``, ``transfer``, ``ticket`` or ``account``."""
    id: str
    what: str
    """``created``, ``removed``, ``state``, ``paid-until``, ``name``, ``price``, ``total`` or ``balance``."""
    title: str
    before: str
    after: str


class SearchHit(NamedTuple):
    """One thing found by the search over everything."""

    kind: str
    """``order``, ``invoice``, ``transfer``, ``ticket`` or ``message``."""
    id: str
    """Of a message: its ticket's."""
    title: str
    detail: str
    state: str
    message_id: str = ""
    """Which message of the ticket it is, for a ``message``."""


def cents(money: Money) -> int:
    """``money`` in whole cents."""
    return int(money.amount.scaleb(2))


def money(amount: int, currency: str) -> Money:
    """Whole cents as money; a sum of rows may be more than any amount of a panel."""
    from billtui.domain.money import Money  # a model: lists for a program are written without (P-START-3)

    return Money.shown(Decimal(amount).scaleb(-2), currency)


def epoch(instant: datetime | None) -> int | None:
    """An instant in whole seconds since 1970 UTC."""
    return None if instant is None else int(instant.timestamp())


def instant(seconds: int) -> datetime:
    """Whole seconds since 1970 as an instant in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
