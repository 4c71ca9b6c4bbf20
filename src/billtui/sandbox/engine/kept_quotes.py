"""Quotes as they are kept: what was asked, what it is bound to, until when it holds, and what bought it (DSC-8)."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from billtui.domain.money import Money
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import quotes as quote_rules
from billtui.sandbox.engine.errors import NotFound
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import DAY, SECOND, cents_of, instant_json, instant_of, micros
from billtui.sandbox.engine.wire_quotes import ExclusionJSON

_KEEP = DAY
"""A quote is forgotten this long after it expired."""


@dataclass(frozen=True, slots=True)
class KeptQuote:
    """A quote that can be bought: not expired, not bought before, with something in it."""

    id: str
    request: dict[str, Any]
    fingerprint: str
    total_cents: int


def keep(
    tx: Tx, account_id: int, kind: str, request: dict[str, Any], total: Money, fingerprint: str = ""
) -> tuple[str, int]:
    """Keep a quote; its id, and until when it can be bought in microseconds. ``request["lines"]`` is what is in it."""
    quote_id = secrets.token_urlsafe(12)
    expires = micros(quote_rules.quote_expires_at(tx.now, tx.policy))
    tx.sql("DELETE FROM quotes WHERE expires_at < ?", (tx.at - _KEEP,))
    tx.sql(
        "INSERT INTO quotes (id, account_id, kind, request, fingerprint, total_cents, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (quote_id, account_id, kind, json.dumps(request), fingerprint, cents_of(total), tx.at, expires),
    )
    return quote_id, expires


def priced_before(tx: Tx, account_id: int, kind: str, fingerprint: str) -> int:
    """The instant from which the remaining period counts: now, or that of a quote of the same that still holds.

    The price falls by the second. Of a thousand orders that is a cent every few, and whoever compares a fresh quote
    with the one that was agreed to would never get to buy (DSC-8).
    """
    earliest = tx.at - int(tx.policy.quote_lifetime.total_seconds()) * SECOND
    found = tx.sql(
        "SELECT max(json_extract(request, '$.priced_at')) FROM quotes WHERE account_id = ? AND kind = ?"
        " AND fingerprint = ? AND invoice_id IS NULL AND created_at > ?",
        (account_id, kind, fingerprint, earliest),
    ).fetchone()[0]
    return int(found) if found is not None and found > earliest else tx.at


def to_buy(tx: Tx, account_id: int, quote_id: str, kind: str) -> KeptQuote:
    """The account's quote of this kind. Raises ``NotFound``; ``RuleBroken`` if it cannot be bought (DSC-8, BLK-6)."""
    if not quote_id.isascii():
        raise NotFound("quote", "of that id")
    found = tx.sql(
        "SELECT request, fingerprint, total_cents, expires_at, invoice_id FROM quotes"
        " WHERE id = ? AND account_id = ? AND kind = ?",
        (quote_id, account_id, kind),
    ).fetchone()
    if found is None:
        raise NotFound("quote", quote_id)
    request, fingerprint, total_cents, expires_at, invoice_id = found
    if invoice_id is not None:
        reason = f"This quote was bought already: invoice {invoice_id} is its invoice."
        raise RuleBroken(Refusal("quote-used", "DSC-8", reason, {"invoice_id": str(invoice_id)}))
    asked = json.loads(request)
    refusal = quote_rules.quote_refusal(quote_id, instant_of(expires_at), len(asked["lines"]), tx.now)
    if refusal is not None:
        raise RuleBroken(refusal)
    return KeptQuote(quote_id, asked, fingerprint, total_cents)


def bought(tx: Tx, quote: KeptQuote, invoice_id: int) -> None:
    """Note which invoice the quote became: it is bought once."""
    tx.flush()
    tx.sql("UPDATE quotes SET invoice_id = ? WHERE id = ?", (invoice_id, quote.id))


def exclusion(refusal: Refusal, **where: str) -> ExclusionJSON:
    """What is left out (``order_id``, or ``plan`` and ``location``) and why, as the wire writes it (BLK-6)."""
    answer: ExclusionJSON = {
        "code": refusal.code,
        "rule": refusal.rule,
        "reason": refusal.reason,
        "related": dict(refusal.related),
        "available_from": None if refusal.available_from is None else instant_json(micros(refusal.available_from)),
    }
    for name in ("order_id", "plan", "location"):
        if name in where:
            answer[name] = where[name]
    return answer
