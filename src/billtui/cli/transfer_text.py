"""Transfers and their pre-flight, as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billtui.cli.shapes import amount, count, day, iso, refused_json, tier_json, turn_words, when
from billtui.domain.models import Transfer, TransferDirection
from billtui.services.solver import amount_words
from billtui.services.store import OrderRow, money
from billtui.services.store.convert import transfer_row
from billtui.services.transfer_preflight import (
    GOES_ALONG,
    STAYS,
    SWITCHED_OFF,
    Blocker,
    Incoming,
    Preflight,
    WayOut,
    tier_words,
)
from billtui.services.what_if import WhatIf

_SHOWN = 20


def preflight_lines(found: Preflight) -> list[str]:
    """What a push is in the way of, what goes along and stays, and what it does to the sender's bill."""
    lines: list[str] = []
    if found.going:
        monthly = amount_words(found.monthly_going, found.currency)
        lines.append(f"Goes     {count(len(found.going), 'order')}, {monthly} a month: {GOES_ALONG} (TRF-5)")
        stays = f"Stays    {STAYS}; {SWITCHED_OFF}"
        lines.append(f"{stays} ({found.auto_renewing} of them have it on)" if found.auto_renewing else stays)
        lines += bill_lines(found.effect)
        for row in found.ending[:_SHOWN]:
            due = "its auto-renewal is due" if row.auto_on else f"its paid time ends {day(row.paid_until)}"
            lines.append(f"Soon     {row.name}: {due}; a transfer that goes on then is cancelled (TRF-6)")
        if len(found.ending) > _SHOWN:
            lines.append(f"Soon     {len(found.ending) - _SHOWN} more: their transfers are cancelled then (TRF-6)")
    for one in found.blockers[:_SHOWN]:
        how = f" → billtui {one.way.command}" if one.way.command else ""
        lines.append(f"In the way of {one.row.name}: {one.way.words}{how} ({one.refusal.rule})")
    if len(found.blockers) > _SHOWN:
        lines.append(f"In the way of {len(found.blockers) - _SHOWN} more: see what is left out.")
    return lines


def bill_lines(effect: WhatIf) -> list[str]:
    """The sender's monthly total and tier, now and once the orders are gone (DSC-2)."""
    currency = effect.currency
    staying = effect.staying_difference
    more = f"; those that stay cost {amount_words(staying, currency)} more" if staying else ""
    before, after = amount_words(effect.monthly, currency), amount_words(effect.monthly_after, currency)
    return [f"Your bill {before} a month → {after} once they are accepted{more}", *_tiers(effect)]


def incoming_lines(found: Incoming) -> list[str]:
    """What accepting does to the recipient's bill."""
    effect = found.effect
    currency = effect.currency or next(
        (str(one.monthly_price.currency) for one in found.transfers if one.monthly_price), ""
    )
    before, after = (amount_words(one, currency) for one in (effect.monthly, effect.monthly_after + found.undiscounted))
    lines = [
        f"Comes    {count(len(found.transfers), 'order')} with {GOES_ALONG} (TRF-5); auto-renewal is off",
        f"Your bill {before} a month → {after} at most: their length of use comes along, and may lower their price",
    ]
    if found.undiscounted:
        own = amount_words(found.undiscounted, currency)
        lines.append(f"          {own} of it a month without discount: add-ons, and prices of their own (DSC-4)")
    if found.addons_untold:
        lines.append("          besides the add-ons that they may have: this panel does not tell their price")
    if found.saved_elsewhere:
        lines.append(f"          your present orders cost {amount_words(found.saved_elsewhere, currency)} a month less")
    if found.unpriced:
        lines.append(f"          without {count(len(found.unpriced), 'order')} whose price the panel does not tell")
    return lines + _tiers(effect)


def _tiers(effect: WhatIf) -> list[str]:
    return [f"          {line}" for line in tier_words(effect)]


# -- JSON


def preflight_json(found: Preflight) -> dict[str, Any]:
    """A pre-flight of a push."""
    return {
        "going": [_order_json(row) for row in found.going],
        "blocked": [_blocker_json(one) for one in found.blockers],
        "ending_soon": [row.id for row in found.ending],
        "auto_renewal_switched_off": found.auto_renewing,
        "monthly_going": _cents(found.monthly_going, found.currency),
        "bill": bill_json(found.effect),
    }


def incoming_json(found: Incoming) -> dict[str, Any]:
    """The recipient's bill, with what has no discount in ``monthly_after``."""
    currency, bill = found.effect.currency, bill_json(found.effect)
    after = _cents(found.effect.monthly_after + found.undiscounted, currency)
    return {**bill, "monthly_after": after, "undiscounted": _cents(found.undiscounted, currency)}


def bill_json(effect: WhatIf) -> dict[str, Any]:
    """Monthly totals and tiers before and after."""
    return {
        "monthly": _cents(effect.monthly, effect.currency),
        "monthly_after": _cents(effect.monthly_after, effect.currency),
        "staying_difference": _cents(effect.staying_difference, effect.currency),
        "tiers": [tier_json(tier) for tier in effect.tiers],
    }


def _cents(value: int, currency: str) -> dict[str, str] | None:
    return amount(money(value, currency)) if currency else None


def _order_json(row: OrderRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "plan": row.plan,
        "location": row.location,
        "address": row.address or None,
        "monthly_price": amount(money(row.price, row.currency)),
        "addons": amount(money(row.addons, row.currency)),
        "paid_until": iso(row.paid_until),
        "in_use_since": iso(row.in_use_since),
        "auto_renew": bool(row.auto_on),
    }


def _blocker_json(one: Blocker) -> dict[str, Any]:
    return {**refused_json(one.row, one.refusal), "way_out": _way_json(one.way)}


def _way_json(way: WayOut) -> dict[str, Any]:
    command = f"billtui {way.command}" if way.command else None
    return {"words": way.words, "command": command, "invoice_id": way.invoice_id, "transfer_id": way.transfer_id}


def facts_of_transfer(one: Transfer) -> list[tuple[str, str]]:
    """One transfer, a fact a line."""
    out = one.direction == TransferDirection.OUT
    account = f" (account {one.counterparty_account_id})" if one.counterparty_account_id is not None else ""
    turn = turn_words(transfer_row(one))
    facts = [
        ("Order", f"{one.order_name} (ID {one.order_id}), {one.plan} in {one.location}"),
        ("To" if out else "From", f"{one.counterparty}{account}"),
        ("State", f"{one.state}{f': {turn}' if turn else ''}"),
    ]
    if one.expires_at is not None:
        facts.append(("Expires", f"{when(one.expires_at)}, unless the next step is taken before"))
    if one.address is not None:
        facts.append(("Address", str(one.address)))
    if one.monthly_price is not None:
        facts.append(("Price", f"{one.monthly_price} a month"))
    if one.paid_until is not None:
        facts.append(("Paid until", when(one.paid_until)))
    for step in one.history:
        by = f" by {step.by}" if step.by else ""
        why = f": {step.reason}" if step.reason else ""
        facts.append((when(step.at), f"{step.state}{by}{why}"))
    for action in one.actions:
        words = "possible" if action.allowed else str(action.reason or "not possible now")
        facts.append((f"  {action.action}", words))
    return facts


def transfer_json(one: Transfer) -> dict[str, Any]:
    """One transfer in full, as the panel says it."""
    body: dict[str, Any] = one.model_dump(mode="json")
    return body


def told_steps(ids: Sequence[str], step: str) -> str:
    """What is to be typed next for these transfers."""
    shown = " ".join(f"id:{one}" for one in ids[:_SHOWN])
    return f"billtui transfers {step} {shown}{' …' if len(ids) > _SHOWN else ''}"
