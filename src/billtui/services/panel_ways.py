"""What has to be said before a plan is confirmed, where a kind of panel has ways of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.services.operation_kinds import PURCHASES, OperationKind
from billtui.services.plans import Plan

if TYPE_CHECKING:
    from billtui.client.drivers.traits import Traits

K = OperationKind


def pays_by_itself(traits: Traits, kind: OperationKind) -> bool:
    """Whether the panel pays a purchase of this kind from the balance at once, where that suffices."""
    return traits.renewal_pays if kind is OperationKind.RENEW else traits.purchase_pays and kind in PURCHASES


def ways_of(traits: Traits, plan: Plan, *, from_file: bool = False) -> list[str]:
    """What ``plan`` means on a panel with ``traits`` beyond its steps and amounts, a sentence each.

    ``from_file``: it may have been carried out elsewhere already, and only keys would prevent a second time.
    """
    found: list[str] = []
    renewals = [one for one in plan.operations if one.kind is K.RENEW]
    if len(renewals) > 1 and not traits.renews_together:
        found.append(f"{len(renewals)} invoices, one per order: this panel ({traits.title}) cannot put them on one.")
    pays = [one for one in plan.operations if one.kind in PURCHASES and pays_by_itself(traits, one.kind)]
    if pays:
        paid = {one.takes_from for one in plan.operations}
        what = "It is" if len(pays) == 1 else "Each is"
        alone = any(one.number not in paid for one in pays)
        unasked = ", although no payment was asked for" if alone else ""
        found.append(f"{what} paid from the balance at once if it suffices{unasked}: {traits.title} does that itself.")
    if from_file and not traits.keys and plan.operations:
        found.append(
            f"{traits.title} knows no keys: what was done with this file on another computer already would be done a"
            " second time. Go on only if it was not."
        )
    return found
