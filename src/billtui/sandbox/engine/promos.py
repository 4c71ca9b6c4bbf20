"""Promo codes in the tables: finding one, and counting its uses (DSC-6)."""

from __future__ import annotations

import json
from decimal import Decimal

from billtui.domain.rules.promo import PromoFacts
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.rows import InvoiceRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_json, instant_or_none, micros
from billtui.sandbox.engine.wire_quotes import PromoJSON

_USES = "SELECT count(*) FROM promo_uses WHERE code = ? AND given_back_at IS NULL"
_FIND = (
    "SELECT code, percent, plans, locations, periods, min_quantity, renewals, once_per_account, starts_at, ends_at,"
    " max_uses, used_before FROM promo_codes WHERE code = ?"
)


def canonical(code: str) -> str:
    """A code as it is kept: people type it in any case, and with blanks around it."""
    return code.strip().upper()


def find(tx: Tx, account_id: int, code: str) -> PromoFacts:
    """The code as far as this account can use it. Raises ``InvalidInput`` for one that does not exist."""
    row = tx.sql(_FIND, (canonical(code),)).fetchone()
    if row is None:
        detail = f"There is no promo code “{code[:40]}”: check how it is written, or leave it out"
        raise InvalidInput(detail, fields={"promo_code": detail})
    name, percent, plans, locations, periods, least, renewals, once, starts, ends, most, before = row
    used = before + tx.sql(_USES, (name,)).fetchone()[0]
    used_here = bool(once) and tx.sql(f"{_USES} AND account_id = ?", (name, account_id)).fetchone()[0] > 0
    left = None if most is None else max(most - used, 0)
    if once:
        left = min(1 if left is None else left, 0 if used_here else 1)
    return PromoFacts(
        code=name,
        percent=Decimal(percent),
        plans=tuple(json.loads(plans)),
        locations=tuple(json.loads(locations)),
        periods=tuple(json.loads(periods)),
        min_quantity=least,
        renewals=bool(renewals),
        starts_at=instant_or_none(starts),
        ends_at=instant_or_none(ends),
        uses_left=left,
        used_by_account=used_here,
    )


def promo_json(promo: PromoFacts) -> PromoJSON:
    """The terms of a code, as a quote carries them."""
    return {
        "code": promo.code,
        "percent": format(promo.percent.normalize(), "f"),
        "plans": list(promo.plans),
        "locations": list(promo.locations),
        "periods": list(promo.periods),
        "min_quantity": promo.min_quantity,
        "renewals": promo.renewals,
        "starts_at": None if promo.starts_at is None else instant_json(micros(promo.starts_at)),
        "ends_at": None if promo.ends_at is None else instant_json(micros(promo.ends_at)),
        "uses_left": promo.uses_left,
    }


def use(tx: Tx, account_id: int, promo: PromoFacts, invoice: InvoiceRow) -> None:
    """Count one purchase, ``invoice``, as one use of the code. The invoice must be flushed."""
    tx.sql(
        "INSERT INTO promo_uses (invoice_id, code, account_id, at) VALUES (?, ?, ?, ?)",
        (invoice.id, promo.code, account_id, tx.at),
    )


def give_back(tx: Tx, invoice: InvoiceRow) -> None:
    """The use that an invoice, or one combined into it, had counted: it will not be paid (DSC-6)."""
    tx.sql(
        "UPDATE promo_uses SET given_back_at = ? WHERE invoice_id = ? AND given_back_at IS NULL", (tx.at, invoice.id)
    )
    for part in tx.invoices.many(invoice.parts):
        give_back(tx, part)
