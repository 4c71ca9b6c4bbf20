"""What has to be said before a plan is confirmed, where a kind of panel has ways of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from billtui.domain.periods import parse_instant
from billtui.domain.safetext import SafeText
from billtui.services.operation_kinds import PURCHASES, OperationKind
from billtui.services.plans import Operation, Plan

if TYPE_CHECKING:
    from billtui.client.drivers.traits import Traits
    from billtui.services.paid_ahead import PaidAhead

K = OperationKind
NAMED: Final = 3
"""So many orders are named one by one."""


def panel_words(name: str, url: str) -> str:
    """A panel's name and its address; the address alone where the name is a part of it."""
    return url if name in url else f"{name}, {url}"


def pays_by_itself(traits: Traits, kind: OperationKind) -> bool:
    """Whether the panel pays a purchase of this kind from the balance at once, where that suffices."""
    return traits.renewal_pays if kind is OperationKind.RENEW else traits.purchase_pays and kind in PURCHASES


def payer(traits: Traits, kind: OperationKind) -> str:
    """The panel, by name, where it pays a purchase of this kind by itself; else empty."""
    return traits.title if pays_by_itself(traits, kind) else ""


def _renewed_again(renewals: Sequence[Operation], ahead: Mapping[str, PaidAhead]) -> list[str]:
    """Titles of orders whose renewal is paid already and still waits for the panel."""
    found: list[str] = []
    for operation in renewals:
        lines = operation.facts.get("lines")
        for order_id, line in lines.items() if isinstance(lines, dict) else ():
            until = line.get("paid_until") if isinstance(line, dict) else None
            if order_id in ahead and isinstance(until, str) and ahead[order_id].waits(parse_instant(until)):
                found.append(str(SafeText(str(line["title"] if isinstance(line, dict) else order_id))))
    return found


def counted_names(names: Sequence[str]) -> str:
    """The first few by name, and how many more."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def ways_of(
    traits: Traits, plan: Plan, *, from_file: bool = False, ahead: Mapping[str, PaidAhead] | None = None
) -> list[str]:
    """What ``plan`` means on a panel with ``traits`` beyond its steps and amounts, a sentence each.

    ``from_file``: it may have been carried out elsewhere already, and only keys would prevent a second time. ``ahead``:
    renewals that are paid already, while the panel has not moved the ends (``Session.paid_ahead``).
    """
    found: list[str] = []
    renewals = [one for one in plan.operations if one.kind is K.RENEW]
    if len(renewals) > 1 and not traits.renews_together:
        found.append(f"{len(renewals)} invoices, one per order: this panel ({traits.title}) cannot put them on one.")
    in_turn = [one for one in plan.operations if one.kind in PURCHASES]
    if traits.one_basket and len(in_turn) > 1:
        found.append(
            f"{len(in_turn)} purchases, one after another: the basket of {traits.title} is paid whole, so each is paid"
            " before the next begins."
        )
    if twice := _renewed_again(renewals, ahead or {}):
        found.append(
            f"Renewed and paid already, and the panel has not moved the end yet: {counted_names(twice)}. This buys a"
            " further period."
        )
    pays = [one for one in plan.operations if one.kind in PURCHASES and pays_by_itself(traits, one.kind)]
    if pays:
        paid = {one.takes_from for one in plan.operations}
        by_itself = f"{traits.title} does that itself."
        if traits.ways_assumed:
            by_itself = f"that is assumed of {traits.title}, nobody documents it. If it bills instead, pay it there."
        what = "It is" if len(pays) == 1 else "Each is"
        alone = any(one.number not in paid for one in pays)
        unasked = ", although no payment was asked for" if alone else ""
        found.append(f"{what} paid from the balance at once if it suffices{unasked}: {by_itself}")
    if from_file and not traits.keys and plan.operations:
        found.append(
            f"{traits.title} knows no keys: what was done with this file on another computer already would be done a"
            " second time. Go on only if it was not."
        )
    return found
