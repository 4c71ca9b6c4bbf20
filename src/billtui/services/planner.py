"""From what a person chose to a plan: pure functions over models, without network or clock of their own.

Everything that a rule forbids by known facts goes to ``left_out`` with its reason, so that the confirmation shows what
will be done, what it costs, and what is left out and why. The facts that an operation rests on are kept in it; the
drift guard compares them again directly before the request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue

from billtui.domain.models import Account, AutoRenew, Exclusion, Invoice, InvoiceLine, Order, Quote, RenewalRequest
from billtui.domain.money import Money
from billtui.domain.periods import format_instant
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules import accounts as account_rules
from billtui.domain.rules import invoices as invoice_rules
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules import renewal as renewal_rules
from billtui.domain.rules.facts import EXTERNAL_METHODS, PROMISE, PURSES, Purses, invoice_facts, order_facts
from billtui.domain.safetext import SafeText
from billtui.services.journal.rows import Busy
from billtui.services.plans import LeftOut, Operation, OperationKind, Plan, planned_total

K = OperationKind
JsonObject = dict[str, JsonValue]


@dataclass(slots=True)
class _Draft:
    """A plan in the making."""

    account: Account
    kind: OperationKind
    profile: str = ""
    busy: Mapping[str, Busy] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def refuse(self, target: str, title: str, refusal: Refusal) -> None:
        self.left_out.append(
            LeftOut(
                target=target,
                title=SafeText(title),
                code=SafeText(refusal.code),
                rule=SafeText(refusal.rule),
                reason=SafeText(refusal.reason),
                related={name: SafeText(value) for name, value in refusal.related.items()},
                available_from=refusal.available_from,
            )
        )

    def taken(self, targets: Sequence[str], title: str) -> bool:
        """Whether one of the targets stands in the plan already, or has an open operation; the latter is left out."""
        if any(target in self.seen for target in targets):
            return True
        self.seen.update(targets)
        for target in targets:
            open_one = self.busy.get(target)
            if open_one is not None:
                reason = (
                    f"It already has an open operation ({open_one.title}, {open_one.state}): finish that one first."
                )
                related = {"job_id": open_one.job_id}
                self.refuse(target, title, Refusal("operation-open", "", reason, related))
                return True
        return False

    def add(
        self,
        kind: OperationKind,
        targets: Sequence[str],
        title: str,
        *,
        params: JsonObject,
        facts: JsonObject | None = None,
        amount: Money | None = None,
        takes_from: int | None = None,
    ) -> int:
        number = len(self.operations) + 1
        self.operations.append(
            Operation(
                number=number,
                kind=kind,
                targets=tuple(targets),
                params=params,
                facts=facts or {},
                amount=amount,
                title=SafeText(title),
                takes_from=takes_from,
                holdable=kind in (K.DELETE, K.COMBINE, K.SPLIT),
            )
        )
        return number

    def named(self, many: str) -> str:
        """What the plan does: a single operation by its own title, several as ``many``."""
        return str(self.operations[0].title) if len(self.operations) == 1 else many

    def plan(self, title: str) -> Plan:
        operations = tuple(self.operations)
        return Plan(
            kind=self.kind.value,
            title=SafeText(title),
            panel_id=self.account.panel_id.raw,
            panel_name=self.account.panel_name,
            account_id=self.account.account_id.raw,
            login=self.account.login,
            profile=self.profile,
            operations=operations,
            left_out=tuple(self.left_out),
            total=planned_total(operations, self.account.currency),
        )


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
) -> Plan:
    """Pay each invoice by ``method`` (``internal``, ``affiliate``, ``promise`` or an external one) (INV-3, INV-4, PRM).

    A purse is walked in the given order: what it no longer covers is left out, with what is missing (ACC-4).
    """
    draft = _Draft(account, K.PAY, profile, busy or {})
    purses = Purses.of(account.balances)
    external = _external(account)
    moment = now or datetime.now(UTC)
    facts = {one.id.raw: order_facts(one, invoices) for one in orders}
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
    many = _count(len(draft.operations), "invoice")
    if method == PROMISE:
        return draft.plan(draft.named(f"Promise to pay {many}"))
    way = f"from the {method} balance" if method in PURSES else f"by {method}"
    return draft.plan(f"{draft.named(f'Pay {many}')} {way}")


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
    draft = _Draft(account, K.DELETE, profile, busy or {})
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
    return draft.plan(draft.named(f"Delete {_count(len(draft.operations), 'invoice')}"))


def combine(
    account: Account, invoices: Sequence[Invoice], *, busy: Mapping[str, Busy] | None = None, profile: str = ""
) -> Plan:
    """Combine the invoices into one (INV-6); those that cannot be are left out, fewer than two leave nothing to do."""
    draft = _Draft(account, K.COMBINE, profile, busy or {})
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
    total = Money.total((one.total for one in chosen), chosen[0].total.currency)
    draft.add(
        K.COMBINE,
        [f"invoice:{one.id.raw}" for one in chosen],
        f"Combine {len(chosen)} invoices into one of {total}",
        params={"invoice_ids": [one.id.raw for one in chosen]},
        facts={"total": _money(total), "invoices": {one.id.raw: facts_of_invoice(one) for one in chosen}},
    )
    return draft.plan(f"Combine {len(chosen)} invoices")


def split(account: Account, invoice: Invoice, *, busy: Mapping[str, Busy] | None = None, profile: str = "") -> Plan:
    """Split a combined invoice back into what was combined (INV-7)."""
    draft = _Draft(account, K.SPLIT, profile, busy or {})
    target, title = f"invoice:{invoice.id.raw}", f"Invoice {invoice.number}"
    refusal = invoice_rules.split_refusal(invoice_facts(invoice, account.account_id.raw))
    if refusal is not None:
        draft.refuse(target, title, refusal)
    elif not draft.taken([target], title):
        params: JsonObject = {"invoice_id": invoice.id.raw}
        draft.add(K.SPLIT, [target], f"Split invoice {invoice.number}", params=params, facts=facts_of_invoice(invoice))
    return draft.plan(f"Split invoice {invoice.number}")


def renew(
    account: Account,
    quote: Quote,
    request: RenewalRequest,
    orders: Sequence[Order],
    then_pay: str | None = None,
    *,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Renew what ``quote`` prices, on one invoice (BLK-4), and perhaps pay that invoice at once by ``then_pay``.

    The plan holds the purchase and its amounts, not the quote: it is quoted afresh before it is bought (DSC-8). What
    the quote excludes is left out with its reason (BLK-6); ``then_pay`` that a purse cannot cover is left out as well.
    """
    draft = _Draft(account, K.RENEW, profile, busy or {})
    names = {order.id.raw: order for order in orders}
    for exclusion in quote.excluded:
        _exclude(draft, exclusion, names)
    lines: list[InvoiceLine] = []
    for line in quote.lines:
        if line.order_id is None:
            continue
        order = names.get(line.order_id.raw)
        if not draft.taken([f"order:{line.order_id.raw}"], str(order.name) if order is not None else str(line.title)):
            lines.append(line)
    if len(lines) != len(quote.lines):
        draft.left_out += _whole_or_nothing(lines, draft.left_out)
        return draft.plan("Renew nothing")
    if not lines:
        return draft.plan("Renew nothing")
    ids = [line.order_id.raw for line in lines if line.order_id is not None]
    months = _count(request.period, "month")
    what = _count(len(ids), "order")
    number = draft.add(
        K.RENEW,
        [f"order:{one}" for one in ids],
        f"Renew {what} for {months}",
        params={
            "order_ids": list(ids),
            "period": request.period,
            "promo_code": request.promo_code.raw if request.promo_code is not None else None,
        },
        facts=facts_of_quote(quote, names),
        amount=quote.total,
    )
    if then_pay is not None:
        _then_pay(draft, then_pay, number, quote.total, what)
    return draft.plan(f"Renew {what} for {months}")


def _then_pay(draft: _Draft, method: str, number: int, total: Money, what: str) -> None:
    account = draft.account
    refusal = None
    if method in PURSES:
        refusal = account_rules.purse_refusal(method, total, Purses.of(account.balances))
    elif method != PROMISE and method not in _external(account):
        refusal = Refusal("unknown-method", "INV-3", f"There is no payment method “{method}”.")
    if refusal is not None:
        draft.refuse("invoice", "Paying the new invoice", refusal)
        return
    verb = "Promise to pay" if method == PROMISE else "Pay"
    draft.add(
        K.PAY, [], f"{verb} the invoice for {what}", params={"method": method}, amount=total, takes_from=number
    )  # fmt: skip


def order_action(
    account: Account,
    orders: Sequence[Order],
    action: str,
    confirm_names: Mapping[str, str] | None = None,
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Do ``action`` with each order (ORD-4); a destructive one needs the order's name, typed, by order id."""
    draft = _Draft(account, K.ACTION, profile, busy or {})
    moment = now or datetime.now(UTC)
    for order in orders:
        target, title = f"order:{order.id.raw}", str(order.name)
        if draft.taken([target], title):
            continue
        known = order_facts(order)
        typed = (confirm_names or {}).get(order.id.raw)
        refusal = order_rules.action_refusal(known, action, moment) or order_rules.confirm_name_refusal(
            known, action, typed
        )
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        params: JsonObject = {"order_id": order.id.raw, "action": action}
        if typed is not None:
            params["confirm_name"] = order.name.raw
        draft.add(K.ACTION, [target], f"{action} {order.name}", params=params, facts=facts_of_order(order))
    return draft.plan(draft.named(f"{action} {_count(len(draft.operations), 'order')}"))


def rename(
    account: Account, order: Order, name: str, *, busy: Mapping[str, Busy] | None = None, profile: str = ""
) -> Plan:
    """Give the order another name (ORD-4)."""
    draft = _Draft(account, K.RENAME, profile, busy or {})
    target, title = f"order:{order.id.raw}", str(order.name)
    wanted = name.strip()
    refusal = order_rules.action_refusal(order_facts(order), "rename", datetime.now(UTC))
    if not wanted:
        refusal = Refusal("invalid-input", "ORD-4", "An order needs a name: type one.")
    elif wanted == order.name.raw:
        refusal = Refusal("nothing-to-do", "ORD-4", "It has that name already.")
    if refusal is not None:
        draft.refuse(target, title, refusal)
    elif not draft.taken([target], title):
        params: JsonObject = {"order_id": order.id.raw, "name": wanted}
        draft.add(K.RENAME, [target], f"Rename {title} to {wanted}", params=params, facts=facts_of_order(order))
    return draft.plan(f"Rename {title}")


def auto_renew(
    account: Account,
    orders: Sequence[Order],
    setting: AutoRenew,
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Switch auto-renewal of each order on (with its own period) or off (REN-4, REN-5)."""
    draft = _Draft(account, K.AUTO_RENEW, profile, busy or {})
    moment = now or datetime.now(UTC)
    words = f"on, {_count(setting.months, 'month')}" if setting.on else "off"
    for order in orders:
        target, title = f"order:{order.id.raw}", str(order.name)
        if draft.taken([target], title):
            continue
        refusal = order_rules.action_refusal(order_facts(order), "auto-renew", moment)
        refusal = refusal or (renewal_rules.period_refusal(setting.months) if setting.on else None)
        if order.auto_renew == setting:
            refusal = Refusal("nothing-to-do", "REN-5", f"Its auto-renewal is {words} already.")
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        params: JsonObject = {"order_id": order.id.raw, "on": setting.on, "months": setting.months}
        draft.add(
            K.AUTO_RENEW, [target], f"Auto-renewal {words}: {title}", params=params, facts=facts_of_order(order)
        )  # fmt: skip
    return draft.plan(draft.named(f"Auto-renewal {words} for {_count(len(draft.operations), 'order')}"))


def top_up(
    account: Account, amount: Money, method: str, *, busy: Mapping[str, Busy] | None = None, profile: str = ""
) -> Plan:
    """Top the internal balance up by an external method (INV-13)."""
    draft = _Draft(account, K.TOP_UP, profile, busy or {})
    refusal = account_rules.top_up_refusal(amount, method, account.currency, _external(account))
    if refusal is not None:
        draft.refuse("purse", "Top-up", refusal)
    elif not draft.taken(["purse"], "Top-up"):
        draft.add(
            K.TOP_UP, ["purse"], f"Top up {amount} by {method}", params={"method": method}, amount=amount
        )  # fmt: skip
    return draft.plan(f"Top up {amount}")


def move(account: Account, amount: Money, *, busy: Mapping[str, Busy] | None = None, profile: str = "") -> Plan:
    """Move money from the affiliate to the internal balance, one way (ACC-4)."""
    draft = _Draft(account, K.MOVE, profile, busy or {})
    refusal = account_rules.move_refusal(amount, Purses.of(account.balances))
    if refusal is not None:
        draft.refuse("purse", "Move", refusal)
    elif not draft.taken(["purse"], "Move"):
        draft.add(K.MOVE, ["purse"], f"Move {amount} to the internal balance", params={}, amount=amount)
    return draft.plan(f"Move {amount} to the internal balance")


def again(
    plan: Plan,
    numbers: Collection[int],
    *,
    invoices: Mapping[str, Invoice] | None = None,
    orders: Mapping[str, Order] | None = None,
) -> Plan:
    """A new plan (new id, new keys) with the operations ``numbers`` of ``plan``, to be confirmed anew.

    Facts and amounts are taken from ``invoices`` and ``orders`` (by id) as they are now, where given. Payments of a
    purchase that is not among ``numbers`` are dropped, and so are purchases: those are quoted and planned anew.
    """
    kept: list[Operation] = []
    for operation in plan.operations:
        if operation.number not in numbers or operation.kind is K.RENEW or operation.takes_from is not None:
            continue
        update: dict[str, object] = {"number": len(kept) + 1}
        invoice = (invoices or {}).get(str(operation.params.get("invoice_id")))
        order = (orders or {}).get(str(operation.params.get("order_id")))
        if invoice is not None:
            update["facts"] = facts_of_invoice(invoice)
            if operation.kind is K.PAY:
                update["amount"] = invoice.total
        elif order is not None:
            update["facts"] = facts_of_order(order)
        kept.append(operation.model_copy(update=update))
    operations = tuple(kept)
    return Plan(
        kind=plan.kind, title=SafeText(f"Again: {plan.title.raw}"), panel_id=plan.panel_id, panel_name=plan.panel_name,
        account_id=plan.account_id, login=plan.login, profile=plan.profile, operations=operations,
        total=planned_total(operations, plan.total.currency),
    )  # fmt: skip


def facts_of_invoice(invoice: Invoice) -> JsonObject:
    """What an operation on an invoice rests on."""
    return {
        "number": invoice.number.raw,
        "state": str(invoice.state),
        "total": _money(invoice.total),
        "combined_from": [one.raw for one in invoice.combined_from],
        "version": invoice.version,
    }


def facts_of_order(order: Order) -> JsonObject:
    """What an operation on an order rests on."""
    return {
        "name": order.name.raw,
        "state": str(order.state),
        "monthly_price": _money(order.monthly_price),
        "auto_renew": {"on": order.auto_renew.on, "months": order.auto_renew.months},
        "transfer_id": order.transfer_id.raw if order.transfer_id is not None else None,
        "version": order.version,
    }


def facts_of_quote(quote: Quote, orders: Mapping[str, Order]) -> JsonObject:
    """What a purchase rests on: each order's amount and present end, and the total (DSC-8)."""
    lines: JsonObject = {}
    for line in quote.lines:
        if line.order_id is None:
            continue
        order = orders.get(line.order_id.raw)
        until = line.paid_until or (order.paid_until if order is not None else None)
        lines[line.order_id.raw] = {
            "title": order.name.raw if order is not None else line.title.raw,
            "amount": _money(line.amount),
            "paid_until": format_instant(until) if until is not None else None,
        }
    return {"lines": lines, "total": _money(quote.total)}


def _money(money: Money) -> JsonObject:
    return {"amount": f"{money.amount:.2f}", "currency": money.currency}


def _external(account: Account) -> tuple[str, ...]:
    known = tuple(one.raw for one in account.payment_methods if one.raw not in PURSES and one.raw != PROMISE)
    return known or EXTERNAL_METHODS


def _exclude(draft: _Draft, exclusion: Exclusion, orders: Mapping[str, Order]) -> None:
    one = exclusion.order_id
    order = orders.get(one.raw) if one is not None else None
    draft.left_out.append(
        LeftOut(
            target=f"order:{one.raw}" if one is not None else "order",
            title=order.name if order is not None else SafeText(one.raw if one is not None else "Order"),
            code=exclusion.code,
            rule=exclusion.rule or SafeText(""),
            reason=exclusion.reason,
            related={str(name): value for name, value in exclusion.related.items()},
        )
    )


def _whole_or_nothing(lines: Sequence[InvoiceLine], left_out: Sequence[LeftOut]) -> list[LeftOut]:
    """A quote is bought whole or not at all (BLK-6): if an order of it is busy, the others wait for a new quote."""
    names = ", ".join(str(one.title) for one in left_out[-3:])
    return [
        LeftOut(
            target=f"order:{line.order_id.raw}" if line.order_id is not None else "order",
            title=line.title,
            code=SafeText("quote-again"),
            rule=SafeText("BLK-6"),
            reason=SafeText(f"The price holds only for all of it: unmark {names} and take the price again."),
        )
        for line in lines
    ]


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
