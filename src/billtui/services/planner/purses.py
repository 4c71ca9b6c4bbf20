"""Plans about the purses: top-up and move."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from billtui.domain.models import Account
from billtui.domain.money import Money
from billtui.domain.rules import accounts as account_rules
from billtui.domain.rules.facts import Purses
from billtui.services.journal.rows import Busy
from billtui.services.method_names import method_words
from billtui.services.planner.draft import Draft, external_methods
from billtui.services.plans import OperationKind, Plan

K = OperationKind
JsonObject = dict[str, JsonValue]


def top_up(
    account: Account, amount: Money, method: str, *, busy: Mapping[str, Busy] | None = None, profile: str = ""
) -> Plan:
    """Top the internal balance up by an external method (INV-13)."""
    draft = Draft(account, K.TOP_UP, profile, busy or {})
    refusal = account_rules.top_up_refusal(amount, method, account.currency, external_methods(account))
    if refusal is not None:
        draft.refuse("purse", "Top-up", refusal)
    elif not draft.taken(["purse"], "Top-up"):
        title = f"Top up {amount} by {method_words(account, method)}"
        draft.add(K.TOP_UP, ["purse"], title, params={"method": method}, amount=amount)
    return draft.plan(f"Top up {amount}")


def move(account: Account, amount: Money, *, busy: Mapping[str, Busy] | None = None, profile: str = "") -> Plan:
    """Move money from the affiliate to the internal balance, one way (ACC-4)."""
    draft = Draft(account, K.MOVE, profile, busy or {})
    refusal = account_rules.move_refusal(amount, Purses.of(account.balances))
    if refusal is not None:
        draft.refuse("purse", "Move", refusal)
    elif not draft.taken(["purse"], "Move"):
        draft.add(K.MOVE, ["purse"], f"Move {amount} to the internal balance", params={}, amount=amount)
    return draft.plan(f"Move {amount} to the internal balance")
