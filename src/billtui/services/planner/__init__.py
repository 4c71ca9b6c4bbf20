"""From what a person chose to a plan: pure functions over models, without network or clock of their own.

Everything that a rule forbids by known facts goes to ``left_out`` with its reason, so that the confirmation shows what
will be done, what it costs, and what is left out and why. The facts that an operation rests on are kept in it; the
drift guard compares them again directly before the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.late import late

if TYPE_CHECKING:
    from billtui.services.planner.facts import (
        facts_of_cells,
        facts_of_invoice,
        facts_of_order,
        facts_of_plan_change,
        facts_of_quote,
        facts_of_ticket,
        facts_of_transfer,
    )
    from billtui.services.planner.invoices import again, combine, delete, pay, promise, split
    from billtui.services.planner.names import rename_all
    from billtui.services.planner.new_orders import addons, buy, split_cells
    from billtui.services.planner.orders import auto_renew, order_action, rename, renew, renew_many
    from billtui.services.planner.plan_changes import change_plan
    from billtui.services.planner.purses import move, top_up
    from billtui.services.planner.settings import notifications
    from billtui.services.planner.tickets import new_ticket, reply, text_refusal
    from billtui.services.planner.transfers import (
        accept_transfer,
        cancel_transfer,
        confirm_transfer,
        decline_transfer,
        push,
        recipient_refusal,
        step_refusal,
    )
    from billtui.services.planner.triage import (
        change_refusal,
        change_tickets,
        delete_canned,
        merge,
        save_canned,
        unmerge,
        words_of,
    )
    from billtui.services.planner.triage import split as split_ticket

__all__ = [
    "accept_transfer",
    "addons",
    "again",
    "auto_renew",
    "buy",
    "cancel_transfer",
    "change_plan",
    "change_refusal",
    "change_tickets",
    "combine",
    "confirm_transfer",
    "decline_transfer",
    "delete",
    "delete_canned",
    "facts_of_cells",
    "facts_of_invoice",
    "facts_of_order",
    "facts_of_plan_change",
    "facts_of_quote",
    "facts_of_ticket",
    "facts_of_transfer",
    "merge",
    "move",
    "new_ticket",
    "notifications",
    "order_action",
    "pay",
    "promise",
    "push",
    "recipient_refusal",
    "rename",
    "rename_all",
    "renew",
    "renew_many",
    "reply",
    "save_canned",
    "split",
    "split_cells",
    "split_ticket",
    "step_refusal",
    "text_refusal",
    "top_up",
    "unmerge",
    "words_of",
]

_NAMES = {
    "accept_transfer": "transfers",
    "addons": "new_orders",
    "again": "invoices",
    "auto_renew": "orders",
    "buy": "new_orders",
    "cancel_transfer": "transfers",
    "change_plan": "plan_changes",
    "change_refusal": "triage",
    "change_tickets": "triage",
    "combine": "invoices",
    "confirm_transfer": "transfers",
    "decline_transfer": "transfers",
    "delete": "invoices",
    "delete_canned": "triage",
    "facts_of_cells": "facts",
    "facts_of_invoice": "facts",
    "facts_of_order": "facts",
    "facts_of_plan_change": "facts",
    "facts_of_quote": "facts",
    "facts_of_ticket": "facts",
    "facts_of_transfer": "facts",
    "merge": "triage",
    "move": "purses",
    "new_ticket": "tickets",
    "notifications": "settings",
    "order_action": "orders",
    "pay": "invoices",
    "promise": "invoices",
    "push": "transfers",
    "recipient_refusal": "transfers",
    "rename": "orders",
    "rename_all": "names",
    "renew": "orders",
    "renew_many": "orders",
    "reply": "tickets",
    "save_canned": "triage",
    "split": "invoices",
    "split_cells": "new_orders",
    "split_ticket": "triage:split",
    "step_refusal": "transfers",
    "text_refusal": "tickets",
    "top_up": "purses",
    "unmerge": "triage",
    "words_of": "triage",
}
__getattr__ = late(__name__, _NAMES)
