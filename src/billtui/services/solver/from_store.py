"""A question to the solver from the local copy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from billtui.domain.models import PromoTerms
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.services.solver.model import Question
from billtui.services.store import OrderRow, StoreReader, instant

_RUNNING = ("active", "suspended")


def rows_of(store: StoreReader, ids: Sequence[str]) -> list[OrderRow]:
    """The rows of some orders, in the order given; what is not there is left out."""
    found = store.order_rows(ids)
    return [found[one] for one in dict.fromkeys(ids) if one in found]


def bills_of(store: StoreReader, rows: Sequence[OrderRow]) -> dict[str, str]:
    """The numbers of the open invoices of these orders, by id, as far as the copy has them."""
    found = store.invoice_rows(row.unpaid_invoice_id for row in rows if row.unpaid_invoice_id is not None)
    return {invoice.id: invoice.number for invoice in found.values()}


def question_from(
    store: StoreReader,
    ids: Sequence[str],
    now: datetime,
    *,
    months: int,
    budget: int | None,
    codes: Sequence[PromoTerms],
    lead_days: int,
    effort: int,
    others_end: bool = False,
    policy: Policy = DEFAULT_POLICY,
) -> Question:
    """What the solver is asked about the orders ``ids``.

    ``others_end``: orders outside the selection without auto-renewal are taken to end unrenewed, so that the discount
    by number falls with them (DSC-2); else they are taken to go on.
    """
    chosen = rows_of(store, ids)
    return Question(
        chosen=chosen,
        now=now,
        running=store.running_by_kind(),
        months=months,
        budget=budget,
        codes=codes,
        lead_days=lead_days,
        effort=effort,
        others_end=_ends(store.orders(), frozenset(ids)) if others_end else {},
        policy=policy,
        bills=bills_of(store, chosen),
    )


def _ends(rows: Sequence[OrderRow], chosen: Collection[str]) -> dict[str, list[datetime]]:
    ends: dict[str, list[datetime]] = {}
    for row in rows:
        if row.state in _RUNNING and not row.auto_on and row.paid_until is not None and row.id not in chosen:
            ends.setdefault(row.kind, []).append(instant(row.paid_until))
    return ends
