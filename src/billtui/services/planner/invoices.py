"""Plans about invoices: pay, promise, delete, combine, split, and doing again what was refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from billtui.domain.models import Account, Invoice, Order
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules import invoices as invoice_rules
from billtui.domain.rules.facts import PROMISE, PURSES, Purses, invoice_facts, order_facts
from billtui.domain.safetext import SafeText
from billtui.services.journal.rows import Busy
from billtui.services.method_names import method_words
from billtui.services.operation_kinds import ON_TICKETS
from billtui.services.planner.draft import Draft, counted, external_methods
from billtui.services.planner.facts import facts_of_invoice, facts_of_order, money_fact
from billtui.services.plans import LeftOut, Operation, OperationKind, Plan, payable_total, planned_total

K = OperationKind
JsonObject = dict[str, JsonValue]
GONE = "It is not there any more: press r to refresh."


def pay(
    account: Account,
    invoices: Sequence[Invoice],
    method: str,
    *,
    orders: Sequence[Order] = (),
    now: datetime | None = None,
    policy: Policy = DEFAULT_POLICY,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
    way: str = "",
    gone: Mapping[str, str] | None = None,
) -> Plan:
    """Pay each invoice by ``method`` (``internal``, ``affiliate``, ``promise`` or an external one) (INV-3, INV-4, PRM).

    A purse is walked in the given order: what it no longer covers is left out, with what is missing (ACC-4).
    ``way`` is what the panel calls an external method; ``gone`` are invoices, by id their numbers, that were chosen
    and are not there any more. Raises PlanError where all of it is more than one plan can come to.
    """
    draft = Draft(account, K.PAY, profile, busy or {})
    purses = Purses.of(account.balances)
    external = external_methods(account)
    moment = now or datetime.now(UTC)
    facts = {one.id.raw: order_facts(one, invoices) for one in orders}
    for key, number in (gone or {}).items():
        draft.refuse(f"invoice:{key}", f"Invoice {number}", Refusal("not-found", "", GONE, {"invoice_id": key}))
    for invoice in invoices:
        target, title = f"invoice:{invoice.id.raw}", f"Invoice {invoice.number}"
        if draft.taken([target], title):
            continue
        known = invoice_facts(invoice, account.account_id.raw)
        its_orders = [facts[one] for one in known.line_order_ids if one in facts]
        its_orders += [one for one in facts.values() if one.open_invoice_id == known.id and one not in its_orders]
        refusal = invoice_rules.pay_refusal(known, method, purses, its_orders, moment, policy, external)
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        if method in PURSES:
            purses = purses.after(method, -invoice.total)
        verb = "Promise to pay" if method == PROMISE else "Pay"
        draft.add(
            K.PAY,
            [target],
            f"{verb} invoice {invoice.number}",
            params={"invoice_id": invoice.id.raw, "method": method},
            facts=facts_of_invoice(invoice),
            amount=invoice.total,
        )
    many = counted(len(draft.operations), "invoice")
    if method == PROMISE:
        return draft.plan(draft.named(f"Promise to pay {many}"))
    words = f"from the {method} balance" if method in PURSES else f"by {way or method_words(account, method)}"
    return draft.plan(f"{draft.named(f'Pay {many}')} {words}")


def promise(
    account: Account,
    invoices: Sequence[Invoice],
    *,
    orders: Sequence[Order] = (),
    now: datetime | None = None,
    policy: Policy = DEFAULT_POLICY,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Promise to pay each invoice (PRM-1): :func:`pay` by the method ``promise``."""
    return pay(account, invoices, PROMISE, orders=orders, now=now, policy=policy, busy=busy, profile=profile)


def delete(
    account: Account, invoices: Sequence[Invoice], *, busy: Mapping[str, Busy] | None = None, profile: str = ""
) -> Plan:
    """Delete each unpaid invoice (INV-5)."""
    draft = Draft(account, K.DELETE, profile, busy or {})
    for invoice in invoices:
        target, title = f"invoice:{invoice.id.raw}", f"Invoice {invoice.number}"
        if draft.taken([target], title):
            continue
        refusal = invoice_rules.delete_refusal(invoice_facts(invoice, account.account_id.raw))
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        params: JsonObject = {"invoice_id": invoice.id.raw}
        draft.add(
            K.DELETE, [target], f"Delete invoice {invoice.number}", params=params, facts=facts_of_invoice(invoice)
        )
    return draft.plan(draft.named(f"Delete {counted(len(draft.operations), 'invoice')}"))


def combine(
    account: Account, invoices: Sequence[Invoice], *, busy: Mapping[str, Busy] | None = None, profile: str = ""
) -> Plan:
    """Combine the invoices into one (INV-6); those that cannot be are left out, fewer than two leave nothing to do.

    Raises PlanError where they come to more than one invoice can.
    """
    draft = Draft(account, K.COMBINE, profile, busy or {})
    chosen: list[Invoice] = []
    for invoice in invoices:
        target, title = f"invoice:{invoice.id.raw}", f"Invoice {invoice.number}"
        if draft.taken([target], title):
            continue
        refusal = invoice_rules.cannot_combine(invoice_facts(invoice, account.account_id.raw))
        if refusal is not None:
            draft.refuse(target, title, refusal)
        else:
            chosen.append(invoice)
    refusal = invoice_rules.combine_refusal([invoice_facts(one, account.account_id.raw) for one in chosen])
    if refusal is not None:
        for invoice in chosen:
            draft.refuse(f"invoice:{invoice.id.raw}", f"Invoice {invoice.number}", refusal)
        return draft.plan("Combine nothing")
    total = payable_total((one.total for one in chosen), chosen[0].total.currency)
    draft.add(
        K.COMBINE,
        [f"invoice:{one.id.raw}" for one in chosen],
        f"Combine {len(chosen)} invoices into one of {total}",
        params={"invoice_ids": [one.id.raw for one in chosen]},
        facts={"total": money_fact(total), "invoices": {one.id.raw: facts_of_invoice(one) for one in chosen}},
    )
    return draft.plan(f"Combine {len(chosen)} invoices")


def split(account: Account, invoice: Invoice, *, busy: Mapping[str, Busy] | None = None, profile: str = "") -> Plan:
    """Split a combined invoice back into what was combined (INV-7)."""
    draft = Draft(account, K.SPLIT, profile, busy or {})
    target, title = f"invoice:{invoice.id.raw}", f"Invoice {invoice.number}"
    refusal = invoice_rules.split_refusal(invoice_facts(invoice, account.account_id.raw))
    if refusal is not None:
        draft.refuse(target, title, refusal)
    elif not draft.taken([target], title):
        params: JsonObject = {"invoice_id": invoice.id.raw}
        draft.add(K.SPLIT, [target], f"Split invoice {invoice.number}", params=params, facts=facts_of_invoice(invoice))
    return draft.plan(f"Split invoice {invoice.number}")


def again(
    plan: Plan,
    numbers: Collection[int],
    *,
    invoices: Mapping[str, Invoice] | None = None,
    orders: Mapping[str, Order] | None = None,
) -> Plan:
    """A new plan (new id, new keys) with the operations ``numbers`` of ``plan``, to be confirmed anew.

    Facts and amounts are taken from ``invoices`` and ``orders`` (by id) as they are now, where given. What cannot be
    done any more, or not in this way, is left out with its reason: an invoice that was paid meanwhile, purchases (they
    are quoted anew), payments of a purchase, and a reinstallation, whose order's name is typed each time (ORD-4).
    """
    kept: list[Operation] = []
    left_out: list[LeftOut] = []
    for operation in plan.operations:
        if operation.number not in numbers:
            continue
        update: dict[str, object] = {"number": len(kept) + 1}
        invoice = (invoices or {}).get(str(operation.params.get("invoice_id")))
        order = (orders or {}).get(str(operation.params.get("order_id")))
        if refusal := _not_again(operation, invoice, plan.account_id):
            left_out.append(_left_out(operation, refusal))
            continue
        if invoice is not None:
            update["facts"] = facts_of_invoice(invoice)
            if operation.kind is K.PAY:
                update["amount"] = invoice.total
        elif order is not None:
            update["facts"] = facts_of_order(order)
        kept.append(operation.model_copy(update=update))
    operations = tuple(kept)
    moves_money = [one for one in plan.operations if one.number in numbers and one.kind in (K.MOVE, K.TOP_UP)]
    return Plan(
        kind=plan.kind, title=SafeText(f"Again: {plan.title.raw}"), panel_id=plan.panel_id, panel_name=plan.panel_name,
        account_id=plan.account_id, login=plan.login, profile=plan.profile, operations=operations,
        left_out=tuple(left_out), total=planned_total(operations, plan.total.currency),
        instead_of=tuple(f"{plan.id}:{one.number}" for one in moves_money),
    )  # fmt: skip


_PLAN_AGAIN = {
    K.RENEW: "Renewals are quoted anew: choose the orders and renew them.",
    K.ORDER: "New servers are quoted anew: order them again, at the price that they have now.",
    K.ADDONS: "Add-ons are quoted anew: choose the orders and add them.",
    K.PLAN_CHANGE: "A change of plan is quoted anew: choose the order and the plan.",
    K.TRANSFER_PUSH: "A push is looked at anew: choose the orders and push them again.",
    K.TRANSFER_CONFIRM: "It needs its code again: confirm the transfer with the code of the mail.",
    K.TRANSFER_ACCEPT: "It needs its code again: accept the transfer with the code of the mail.",
    K.TRANSFER_DECLINE: "The transfer may stand elsewhere by now: decline it in the list of transfers.",
    K.TRANSFER_CANCEL: "The transfer may stand elsewhere by now: cancel it in the list of transfers.",
    K.NOTIFY: "The settings may be others by now: change them among the account's settings.",
}
_PLAN_AGAIN |= {
    K.TICKET_NEW: "Its draft is there again: look at it, and send it from there.",
    K.TICKET_REPLY: "Its draft is there again: look at what is new in the thread, and send it from there.",
    K.TICKET_CHANGE: "The tickets may stand otherwise by now: change them in the list of tickets.",
    K.TICKET_MERGE: "The tickets may stand otherwise by now: merge them in the list of tickets.",
    K.TICKET_UNMERGE: "The ticket may stand otherwise by now: take it out at the ticket.",
    K.TICKET_SPLIT: "The thread may stand otherwise by now: split it at the ticket.",
    K.CANNED_SAVE: "It may say something else by now: change it in the list of canned replies.",
    K.CANNED_DELETE: "It may say something else by now: delete it in the list of canned replies.",
}
_RULE_AGAIN = {K.NOTIFY: "ACC-8"} | {kind: "TRF-3" for kind in _PLAN_AGAIN if kind.value.startswith("transfer.")}
_RULE_AGAIN |= {kind: "TKT-9" if kind is K.TICKET_REPLY else "TKT-8" for kind in ON_TICKETS}


def _not_again(operation: Operation, invoice: Invoice | None, account_id: str) -> Refusal | None:
    """Why a refused operation cannot simply be done again; ``invoice`` is the one it is about, as it is now."""
    if operation.kind in _PLAN_AGAIN:
        rule = _RULE_AGAIN.get(operation.kind, "DSC-8")
        return Refusal("plan-again", rule, _PLAN_AGAIN[operation.kind])
    if operation.takes_from is not None:
        return Refusal("plan-again", "INV-3", "If the purchase was made, its invoice stands in the list: pay it there.")
    if operation.kind is K.ACTION and "confirm_name" in operation.params:
        return Refusal("name-needed", "ORD-4", "The order's name has to be typed again: do it at the order.")
    if invoice is None:
        return None
    facts = invoice_facts(invoice, account_id)
    if operation.kind is K.PAY:
        return invoice_rules.state_refusal(facts)
    if operation.kind is K.DELETE:
        return invoice_rules.delete_refusal(facts)
    return invoice_rules.split_refusal(facts) if operation.kind is K.SPLIT else None


def _left_out(operation: Operation, refusal: Refusal) -> LeftOut:
    return LeftOut(
        target=operation.targets[0] if operation.targets else "invoice",
        title=operation.title,
        code=SafeText(refusal.code),
        rule=SafeText(refusal.rule),
        reason=SafeText(refusal.reason),
        related={name: SafeText(value) for name, value in refusal.related.items()},
    )
