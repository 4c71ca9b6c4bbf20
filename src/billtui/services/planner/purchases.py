"""What all plans that buy have in common: what a quote leaves out, and paying every invoice of the plan at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.models import Exclusion, InvoiceKind, InvoiceState, Order, Quote, QuoteLine, RenewalRequest
from billtui.domain.money import Money
from billtui.domain.refusal import Refusal
from billtui.domain.rules import accounts as account_rules
from billtui.domain.rules.facts import PROMISE, PURSES, InvoiceFacts, OrderFacts, Purses
from billtui.domain.rules.promise import promise_refusal
from billtui.domain.safetext import SafeText
from billtui.services.planner.draft import Draft, counted, external_methods
from billtui.services.plans import LeftOut, Operation, OperationKind, cell_key

K = OperationKind


@dataclass(frozen=True, slots=True)
class Bought:
    """One purchase of a plan: the operation's number, what it costs, and for how many of what."""

    number: int
    total: Money
    what: str


def then_pay(
    draft: Draft,
    method: str,
    purchases: Sequence[Bought],
    now: datetime,
    *,
    kind: InvoiceKind,
    orders: Sequence[OrderFacts] = (),
    in_turn: bool = False,
) -> None:
    """Pay the invoice of each purchase by ``method``, all of them or none.

    A purse has to hold the total of all (ACC-4); a promise has to be possible for every order (PRM-2, PRM-4, PRM-6).
    Where it does not work, nothing is paid, and ``invoice`` is left out with the reason. ``in_turn``
    (``Traits.one_basket``): each payment stands behind its purchase and before the next one, which waits for it.
    """
    if not purchases:
        return
    total = Money.total((one.total for one in purchases), draft.account.currency)
    refusal = None
    if method in PURSES:
        refusal = account_rules.purse_refusal(method, total, Purses.of(draft.account.balances))
    elif method == PROMISE:
        name = "of this renewal" if kind is InvoiceKind.RENEWAL else "of this purchase"
        refusal = promise_refusal(InvoiceFacts("", name, kind, InvoiceState.UNPAID, total), orders, now)
    elif method not in external_methods(draft.account):
        refusal = Refusal("unknown-method", "INV-3", f"There is no payment method “{method}”.")
    if refusal is not None:
        draft.refuse("invoice", f"Paying the new {'invoice' if len(purchases) == 1 else 'invoices'}", refusal)
        return
    verb = "Promise to pay" if method == PROMISE else "Pay"
    for one in purchases:
        draft.add(
            K.PAY,
            [],
            f"{verb} the invoice for {one.what}",
            params={"method": method},
            amount=one.total,
            takes_from=one.number,
        )
    if in_turn:
        _each_behind_its_own(draft, purchases)


def _each_behind_its_own(draft: Draft, purchases: Sequence[Bought]) -> None:
    """Number the operations anew: purchase, its payment, the next purchase. Nothing else stands in such a draft."""
    payments = {one.takes_from: one for one in draft.operations if one.takes_from is not None}
    ordered: list[Operation] = []
    for bought in purchases:
        number = len(ordered) + 1
        ordered.append(draft.operations[bought.number - 1].model_copy(update={"number": number}))
        ordered.append(payments[bought.number].model_copy(update={"number": number + 1, "takes_from": number}))
    draft.operations[:] = ordered


def only_in_turn(draft: Draft, purchases: Sequence[Bought], in_turn: bool) -> bool:
    """Whether several purchases cannot follow each other because the first would stay unpaid in the panel's one basket.

    Then none is in the plan: ``invoice`` is left out with what to do instead.
    """
    if not in_turn or len(purchases) <= 1 or any(one.takes_from is not None for one in draft.operations):
        return False
    draft.operations.clear()
    if not any(one.target == "invoice" for one in draft.left_out):
        words = (
            f"This takes {len(purchases)} purchases ({named(purchases)}), and this panel's basket is paid whole: it"
            " takes the next one only when the one before is paid. Pay with it, as from the balance, or buy what is"
            " one purchase at a time: one period, and no more than the panel takes in one request."
        )
        draft.refuse("invoice", f"{len(purchases)} purchases at once", Refusal("one-basket", "BLK-7", words))
    return True


def named(purchases: Sequence[Bought]) -> str:
    """What the first few are for."""
    more = len(purchases) - 3
    return ", ".join(one.what for one in purchases[:3]) + (f" and {more} more" if more > 0 else "")


def exclude(draft: Draft, quote: Quote, orders: Mapping[str, Order]) -> None:
    """Leave out what the quote leaves out, with its reasons (BLK-6)."""
    for exclusion in quote.excluded:
        target, title = _excluded(exclusion, orders)
        draft.left_out.append(
            LeftOut(
                target=target,
                title=title,
                code=exclusion.code,
                rule=exclusion.rule or SafeText(""),
                reason=exclusion.reason,
                related={str(name): value for name, value in exclusion.related.items()},
            )
        )


def _excluded(exclusion: Exclusion, orders: Mapping[str, Order]) -> tuple[str, SafeText]:
    if exclusion.order_id is not None:
        order = orders.get(exclusion.order_id.raw)
        return f"order:{exclusion.order_id.raw}", order.name if order is not None else exclusion.order_id
    if exclusion.plan is not None and exclusion.location is not None:
        name = SafeText(f"{exclusion.plan.raw} in {exclusion.location.raw}")
        return f"cell:{cell_key(exclusion.plan, exclusion.location)}", name
    return "order", exclusion.plan or exclusion.location or SafeText("Order")


def foreign(draft: Draft, quote: Quote, titles: Mapping[str, str]) -> bool:
    """Whether it is priced in another currency than the account's (INV-10): then all of ``titles``, which are by their
    targets, are left out."""
    refusal = account_rules.other_currency("Its price", quote.total, Purses.of(draft.account.balances))
    if refusal is None:
        return False
    for target, title in titles.items():
        draft.refuse(target, title, refusal)
    return True


def lines_not_busy(draft: Draft, quote: Quote, orders: Mapping[str, Order]) -> list[QuoteLine]:
    """The quote's lines of orders, each locked for this plan; none at all if one is busy: the others then wait.

    A quote is bought whole or not at all (BLK-6), so they are left out with the advice to take the price again.
    """
    lines: list[QuoteLine] = []
    busy: list[str] = []
    wanted = [line for line in quote.lines if line.order_id is not None]
    if foreign(draft, quote, {f"order:{line.order_id.raw}": str(line.title) for line in wanted if line.order_id}):
        return []
    for line in wanted:
        key = line.order_id.raw if line.order_id is not None else ""
        order = orders.get(key)
        title = str(order.name) if order is not None else str(line.title)
        if draft.taken([f"order:{key}"], title):
            busy.append(title)
        else:
            lines.append(line)
    if not busy:
        return lines
    names = ", ".join(busy[-3:])
    for line in lines:
        draft.left_out.append(
            LeftOut(
                target=f"order:{line.order_id.raw}" if line.order_id is not None else "order",
                title=line.title,
                code=SafeText("quote-again"),
                rule=SafeText("BLK-6"),
                reason=SafeText(f"The price holds only for all of it: unmark {names} and take the price again."),
            )
        )
    return []


def one_by_one(quotes: Sequence[Quote], requests: Sequence[RenewalRequest]) -> tuple[list[Quote], list[RenewalRequest]]:
    """Quotes and requests of renewals, one of each for every order. What is left out stays with the first of its own.

    The total of each is its line's amount; each is priced by itself before it is bought, so another one is a change.
    """
    single: list[tuple[Quote, RenewalRequest]] = []
    for quote, request in zip(quotes, requests, strict=True):
        excluded = quote.excluded
        for line in quote.lines:
            if line.order_id is not None:
                priced = quote.model_copy(update={"lines": [line], "total": line.amount, "excluded": excluded})
                single.append((priced, request.model_copy(update={"order_ids": [line.order_id]})))
                excluded = []
        if excluded:
            nothing = Money.total((), quote.total.currency)
            single.append((quote.model_copy(update={"lines": [], "total": nothing}), request))
    return [one for one, _ in single], [one for _, one in single]


def in_requests(count: int) -> str:
    """What a title says where one purchase takes several requests (BLK-7); nothing for one."""
    return "" if count <= 1 else f", in {counted(count, 'request')}"
