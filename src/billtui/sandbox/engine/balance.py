"""The two purses: top-ups, moves, and the ledger (ACC-4, INV-13)."""

from __future__ import annotations

from collections.abc import Sequence

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules import accounts as account_rules
from billtui.domain.rules.invoices import METHODS
from billtui.sandbox.engine import invoicing, paging
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.facts import lines_of, purses_of
from billtui.sandbox.engine.invoicing import NewLine
from billtui.sandbox.engine.ledger import AFFILIATE, CLIENT_PURSES, INTERNAL, post
from billtui.sandbox.engine.paging import Listing, ListQuery, Page
from billtui.sandbox.engine.payments import start_external
from billtui.sandbox.engine.rows import AccountRow, LedgerRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import invoice_json, ledger_json, payment_json
from billtui.sandbox.engine.wire import BalancesJSON, LedgerLineJSON, MoveJSON, TopUpJSON, cents_of, money_json

MAX_TOP_UP_CENTS = 10_000_000_00
"""Most that one top-up may be, in cents."""


def balances_json(account: AccountRow) -> BalancesJSON:
    """Both purses, never added together (ACC-4)."""
    return {
        "internal": money_json(account.internal_cents, account.currency),
        "affiliate": money_json(account.affiliate_cents, account.currency),
    }


def top_up(tx: Tx, account_id: int, amount: Money, method: str) -> TopUpJSON:
    """A top-up invoice and where to pay it: external methods only (INV-13). Raises ``RuleBroken``, ``InvalidInput``."""
    if method not in METHODS:
        detail = f"A payment method is one of {', '.join(METHODS)}"
        raise InvalidInput(detail, fields={"method": detail})
    account = tx.accounts.need(account_id)
    refusal = account_rules.top_up_refusal(amount, method, account.currency)
    if refusal is not None:
        raise RuleBroken(refusal)
    cents = cents_of(amount)
    if cents > MAX_TOP_UP_CENTS:
        detail = f"At most {MAX_TOP_UP_CENTS // 100} {account.currency} in one top-up"
        raise InvalidInput(detail, fields={"amount": detail})
    line = NewLine(None, "top-up", "Top-up of the internal balance", None, cents, "[]", cents)
    invoice = invoicing.issue(tx, account_id, "top-up", [line])
    payment = start_external(tx, invoice, method)
    tx.flush()
    return {"invoice": invoice_json(tx, invoice, lines_of(tx, invoice.id)), "payment": payment_json(payment)}


def move(tx: Tx, account_id: int, amount: Money) -> MoveJSON:
    """Move money from the affiliate to the internal purse; not back (ACC-4). Raises ``RuleBroken``."""
    account = tx.accounts.need(account_id)
    refusal = account_rules.move_refusal(amount, purses_of(account))
    if refusal is not None:
        raise RuleBroken(refusal)
    cents = cents_of(amount)
    moved = post(tx, account_id, "move", {AFFILIATE: -cents, INTERNAL: cents}, note="To internal")
    tx.flush()
    return {"balances": balances_json(account), "items": [ledger_json(row) for row in moved]}


def _purse(name: str, values: Sequence[str]) -> paging.Condition:
    return paging.one_of("purse")(name, values)


LISTING = Listing(
    sorts={"id": "id", "at": "at"},
    default_sort="-id",
    filters={
        "purse": _purse,
        "kind": paging.one_of("kind"),
        "invoice_id": paging.id_in("invoice_id"),
        "after": paging.instant("at", ">="),
        "before": paging.instant("at", "<"),
    },
    searched=None,
)


def ledger_page(tx: Tx, account_id: int, query: ListQuery) -> Page[LedgerLineJSON]:
    """A page of the movements in the account's own purses, newest first. Raises ``InvalidInput``."""
    filters = dict(query.filters)
    asked = [purse for purse in filters.get("purse", CLIENT_PURSES) if purse in CLIENT_PURSES]
    filters["purse"] = asked or ["none"]  # the other side of the books is not the client's

    def shown(rows: list[LedgerRow]) -> list[LedgerLineJSON]:
        return [ledger_json(row) for row in rows]

    own = ListQuery(query.limit, query.cursor, query.sort, query.q, filters)
    return paging.page(tx, tx.ledger, LISTING, account_id, own, table="ledger", items=shown)


def whole_ledger(tx: Tx) -> list[LedgerLineJSON]:
    """Every line of the books, both sides, oldest first."""
    tx.flush()
    return [ledger_json(row) for row in tx.ledger.where("1 ORDER BY id")]
