"""The whole rule set under every sequence of events that hypothesis thinks of, and proof that it would notice a fault.

What must hold is computed here from what was issued and what was paid, by other means than the rules use.
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from billtui.domain.models.invoices import InvoiceState
from billtui.domain.money import Money
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import invoices, quotes
from billtui.domain.rules.facts import InvoiceFacts, OrderFacts
from tests.unit.domain.account_model import ACCOUNT, AccountModel, Line, euro

OPEN = {"unpaid", "promised", "overdue"}
ORDERS = st.lists(st.integers(0, 5), min_size=1, max_size=2)
RECENT = st.integers(0, 9)
PERIOD = st.sampled_from([1, 1, 3, 12])
METHOD = st.sampled_from(["internal", "affiliate", "card"])
LEAP = st.sampled_from([timedelta(hours=hours) for hours in (1, 12, 24, 24, 48, 48, 71, 7 * 24, 18 * 24, 31 * 24)])


def later(first: datetime, months: int, day: int) -> datetime:
    """``first`` plus months by counting them one by one (not the code's own arithmetic)."""
    year, month = first.year, first.month
    for _ in range(months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    return first.replace(year=year, month=month, day=min(day, calendar.monthrange(year, month)[1]))


class AccountMachine(RuleBasedStateMachine):
    """ACC-4, ORD-1 to ORD-3, REN-1 to REN-5, INV-3 to INV-8, INV-11 to INV-13, PRM-1 to PRM-9, BLK-5 over time."""

    model_type: ClassVar[Callable[[], AccountModel]] = AccountModel

    def __init__(self) -> None:
        super().__init__()
        self.model = type(self).model_type()
        self.first_ends = {one.id: one.paid_until for one in self.model.orders.values()}
        self.start_money = self.model.purses.internal.amount + self.model.purses.affiliate.amount

    def attempt(self, action: Callable[[], object]) -> Refusal | None:
        """Do it, or see that the refusal is a whole one, and that nothing moved."""
        before = (dict(self.model.orders), dict(self.model.invoices), self.model.purses, len(self.model.paid))
        try:
            action()
        except RuleBroken as broken:
            refusal = broken.refusal
            assert refusal.code == refusal.code.lower() and refusal.rule and refusal.reason.endswith(".")
            assert before == (
                dict(self.model.orders),
                dict(self.model.invoices),
                self.model.purses,
                len(self.model.paid),
            )
            return refusal
        return None

    def recent(self, back: int) -> str:
        """One of the last invoices: mostly an open one, and for odd numbers any."""
        ids = [one.id for one in self.model.invoices.values() if one.is_open or back % 2]
        ids = ids or list(self.model.invoices)
        return ids[-1 - back // 2 % len(ids)]

    # What people do.

    @rule(picks=ORDERS, months=PERIOD)
    def renew(self, picks: list[int], months: int) -> None:
        ids = list(self.model.orders)
        self.attempt(lambda: self.model.renew([ids[one % len(ids)] for one in picks], months))

    @rule(months=PERIOD)
    def order_new(self, months: int) -> None:
        if len(self.model.orders) < 6:
            self.model.order_new(months)

    @precondition(lambda self: self.model.invoices)
    @rule(back=RECENT, method=METHOD)
    def pay(self, back: int, method: str) -> None:
        self.attempt(lambda: self.model.pay(self.recent(back), method))

    @precondition(lambda self: self.model.invoices)
    @rule(back=RECENT)
    def promise(self, back: int) -> None:
        self.attempt(lambda: self.model.pay(self.recent(back), "promise"))

    @precondition(lambda self: self.model.invoices)
    @rule(back=RECENT, event=st.integers(0, 9))
    def provider(self, back: int, event: int) -> None:
        self.model.provider_reports(self.recent(back), f"event-{event}")

    @rule(cents=st.integers(1, 5000))
    def top_up(self, cents: int) -> None:
        self.attempt(lambda: self.model.top_up(Money(Decimal(cents).scaleb(-2), "EUR")))

    @rule(cents=st.integers(1, 5000))
    def move(self, cents: int) -> None:
        self.attempt(lambda: self.model.move(Money(Decimal(cents).scaleb(-2), "EUR")))

    @precondition(lambda self: self.model.invoices)
    @rule(back=RECENT)
    def delete(self, back: int) -> None:
        self.attempt(lambda: self.model.delete(self.recent(back)))

    @precondition(lambda self: len(self.model.invoices) > 1)
    @rule(count=st.integers(2, 3), back=RECENT)
    def combine(self, count: int, back: int) -> None:
        """Two or three of the unpaid invoices; with an odd number, one of any state is among them."""
        chosen = [one.id for one in self.model.invoices.values() if one.state == "unpaid" and one.kind != "top-up"]
        chosen = chosen[-count:] + ([self.recent(back)] if back % 2 else [])
        self.attempt(lambda: self.model.combine(chosen))

    @precondition(lambda self: self.model.invoices)
    @rule(back=RECENT)
    def split(self, back: int) -> None:
        holders = [one.id for one in self.model.invoices.values() if one.combined_from]
        chosen = holders[-1] if holders and not back % 2 else self.recent(back)
        self.attempt(lambda: self.model.split(chosen))

    @rule(pick=st.integers(0, 5), on=st.booleans(), months=PERIOD)
    def auto_renew(self, pick: int, on: bool, months: int) -> None:
        ids = list(self.model.orders)
        self.attempt(lambda: self.model.auto_renew(ids[pick % len(ids)], on, months))

    @rule(by=LEAP)
    def time_passes(self, by: timedelta) -> None:
        self.model.advance(by)

    # What must hold.

    @invariant()
    def every_line_is_paid_at_most_once_and_as_issued(self) -> None:
        """INV-4, INV-6."""
        counts = Counter(line.number for paid in self.model.paid for line in paid.lines)
        assert all(count == 1 for count in counts.values()), "a line was paid twice"
        for paid in self.model.paid:
            issued = sum((self.model.issued[line.number].amount.amount for line in paid.lines), Decimal(0))
            assert paid.amount.amount == issued, "paid another sum than was issued"

    @invariant()
    def no_cent_comes_or_goes(self) -> None:
        """ACC-4, INV-4, INV-11."""
        purses = self.model.purses
        spent = sum((one.amount.amount for one in self.model.paid if one.invoice_id not in self._top_ups()), Decimal(0))
        held = purses.internal.amount + purses.affiliate.amount
        assert held == self.start_money + self.model.external_in.amount - spent, "money came from nowhere, or went"
        assert purses.internal.amount >= 0 and purses.affiliate.amount >= 0, "a purse is below zero"

    def _top_ups(self) -> set[str]:
        return {one.id for one in self.model.invoices.values() if one.kind == "top-up"}

    @invariant()
    def an_order_lasts_as_long_as_was_paid(self) -> None:
        """REN-1, REN-3, PRM-5, PRM-7, ORD-2: never a day free, never one lost."""
        paid: dict[str, list[tuple[datetime, Line]]] = {}
        for one in self.model.paid:
            for line in one.lines:
                if line.order_id is not None:
                    paid.setdefault(line.order_id, []).append((one.at, line))
        for order in self.model.orders.values():
            bought = paid.get(order.id, [])
            begin = self.first_ends.get(order.id) or (bought[0][0] if bought else None)
            if begin is None:
                assert order.paid_until is None, "an order has a paid period without a payment"
                continue
            months = sum(line.months for _at, line in bought)
            assert order.paid_until == later(begin, months, begin.day), "the end does not follow from the payments"

    @invariant()
    def one_open_invoice_bills_an_order(self) -> None:
        """REN-2, BLK-5, INV-6."""
        bills: dict[str, list[str]] = {}
        for invoice in self.model.invoices.values():
            if invoice.state in OPEN:
                for order_id in invoice.line_order_ids:
                    bills.setdefault(order_id, []).append(invoice.id)
        for order in self.model.orders.values():
            held = bills.get(order.id, [])
            assert len(held) < 2, "two open invoices bill one order"
            assert held == ([order.open_invoice_id] if order.open_invoice_id else []), "a wrong open invoice"

    @invariant()
    def invoices_hold_exactly_their_lines(self) -> None:
        """INV-6, INV-7, INV-8: the sum of a combined one is that of its lines; every line lives in one place."""
        numbers = [int(one.number) for one in self.model.invoices.values()]
        assert numbers == list(range(1, len(numbers) + 1)), "invoice numbers have a gap"
        alive: Counter[int] = Counter()
        for invoice in self.model.invoices.values():
            lines = self.model.lines[invoice.id]
            assert invoice.total.amount == sum((line.amount.amount for line in lines), Decimal(0)), "a cent moved"
            assert lines == tuple(self.model.issued[line.number] for line in lines), "a line was changed"
            if invoice.state in OPEN or invoice.state == "paid":
                alive.update(line.number for line in lines)
        assert all(count == 1 for count in alive.values()), "a line lives on two invoices"

    @invariant()
    def nobody_runs_for_nothing(self) -> None:
        """ORD-1, ORD-2, ORD-3, PRM-5, PRM-8."""
        now = self.model.now
        for order in self.model.orders.values():
            if order.state == "active":
                end = order.paid_until
                promised = [
                    one.promise_until
                    for one in self.model.invoices.values()
                    if one.state == "promised" and order.id in one.line_order_ids and one.promise_until is not None
                ]
                assert end is not None and now < max([end, *promised]), "an order runs unpaid and without a promise"
            elif order.state == "blocked":
                assert order.blocked_at is not None and now < order.blocked_at + timedelta(days=7), "not deleted"
            elif order.state == "pending":
                assert order.created_at is not None and now < order.created_at + timedelta(days=7), "not cancelled"
                assert order.open_invoice_id is not None, "a pending order that nothing can pay"
            else:
                assert order.open_invoice_id is None, "an open invoice bills an order that is gone"

    @invariant()
    def promises_are_few_and_short(self) -> None:
        """PRM-1, PRM-2, PRM-6, PRM-9: one per paid period, only near its end, never deleted or combined away."""
        assert len({(one, end) for one, end, _ in self.model.promises}) == len(self.model.promises), "promised twice"
        for _order, end, deadline in self.model.promises:
            made = deadline - timedelta(days=7)
            assert end - made <= timedelta(hours=72), "promised too early"
        for invoice in self.model.invoices.values():
            if invoice.promise_until is not None:
                gone = all(self.model.orders[one].state == "deleted" for one in invoice.line_order_ids)
                assert invoice.state in {"promised", "paid", "overdue"} or gone, "a promise was got rid of"


TestAccount = AccountMachine.TestCase
TestAccount.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# Proof that the machine can fail: one wrong decision each.


class PaysTwice(AccountModel):
    def may_pay(self, invoice: InvoiceFacts, method: str) -> Refusal | None:
        state = InvoiceState.UNPAID if invoice.state == InvoiceState.PAID else invoice.state
        return super().may_pay(replace(invoice, state=state), method)


class RenewsWithoutPayment(AccountModel):
    def after_issue(self, order: OrderFacts, invoice_id: str, months: int) -> OrderFacts:
        if order.state == "blocked":
            order = self.after_renewal(order, months)
        return super().after_issue(order, invoice_id, months)


class CountsFromNow(AccountModel):
    def after_renewal(self, order: OrderFacts, months: int) -> OrderFacts:
        late = order.paid_until is not None and order.paid_until < self.now
        return super().after_renewal(
            replace(order, paid_until=self.now, billing_day=self.now.day) if late else order, months
        )


class ForgetsTheBillingDay(AccountModel):
    def after_renewal(self, order: OrderFacts, months: int) -> OrderFacts:
        assert order.paid_until is not None
        return super().after_renewal(replace(order, billing_day=order.paid_until.day), months)


class PromiseIsPeriod(AccountModel):
    def after_promise(self, order: OrderFacts, invoice_id: str, deadline: datetime) -> OrderFacts:
        return replace(super().after_promise(order, invoice_id, deadline), paid_until=deadline)


class BrokenPromiseRunsOn(AccountModel):
    def after_broken_promise(self, order: OrderFacts, invoice: InvoiceFacts, deadline: datetime) -> OrderFacts:
        return replace(order, promise_until=deadline + timedelta(days=60))


class LosesACent(AccountModel):
    def combined(self, chosen: list[InvoiceFacts]) -> invoices.CombinedFacts:  # type: ignore[override]  # narrower
        facts = super().combined(chosen)
        return replace(facts, total=facts.total - euro("0.01"))


class RenewsTwice(AccountModel):
    def may_renew(self, wanted: object, months: int) -> quotes.RenewalOffer:
        assert isinstance(wanted, list)
        return super().may_renew([replace(one, open_invoice_id=None) for one in wanted], months)


class AddsThePurses(AccountModel):
    def may_pay(self, invoice: InvoiceFacts, method: str) -> Refusal | None:
        both = self.purses.internal + self.purses.affiliate
        refusal = super().may_pay(invoice, method)
        enough = refusal is not None and refusal.code == "insufficient-funds" and both >= invoice.total
        return None if enough else refusal


class DeletesPromised(AccountModel):
    def may_delete(self, invoice: InvoiceFacts) -> Refusal | None:
        state = InvoiceState.UNPAID if invoice.state == InvoiceState.PROMISED else invoice.state
        return super().may_delete(replace(invoice, state=state))


class KeepsTheCombinedOneOpen(AccountModel):
    def split(self, invoice_id: str) -> None:
        super().split(invoice_id)
        self.invoices[invoice_id] = replace(self.invoices[invoice_id], state=InvoiceState.UNPAID)


class TakesHalf(AccountModel):
    def debit(self, purse: str, total: Money) -> None:
        self.purses = self.purses.after(purse, -Money((total.amount / 2).quantize(Decimal("0.01")), "EUR"))


class CountsEventsTwice(AccountModel):
    def settlement(self, invoice: InvoiceFacts, amount: Money, event: str) -> invoices.Settlement:
        return invoices.Settlement.PAYS_INVOICE


BROKEN: dict[type[AccountModel], str] = {
    PaysTwice: "a line was paid twice",
    RenewsWithoutPayment: "the end does not follow",
    CountsFromNow: "the end does not follow",
    ForgetsTheBillingDay: "the end does not follow",
    PromiseIsPeriod: "the end does not follow|promised twice|promised too early",
    BrokenPromiseRunsOn: "runs unpaid and without a promise",
    LosesACent: "a cent moved|another sum",
    RenewsTwice: "two open invoices bill one order|a wrong open invoice",
    AddsThePurses: "a purse is below zero",
    DeletesPromised: "a promise was got rid of|runs unpaid",
    KeepsTheCombinedOneOpen: "a line lives on two|two open invoices",
    TakesHalf: "money came from nowhere",
    CountsEventsTwice: "a line was paid twice|lives on two|bills an order that is gone|a wrong open invoice",
}


@pytest.mark.parametrize("model", BROKEN, ids=lambda model: model.__name__)
def test_machine_notices(model: type[AccountModel]) -> None:
    """Each broken rule is caught, and for the right reason."""
    machine = type(f"With{model.__name__}", (AccountMachine,), {"model_type": model})
    with pytest.raises(AssertionError, match=BROKEN[model]):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=400,
                stateful_step_count=40,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_account_of_the_model_is_one() -> None:
    """Every invoice of the model belongs to one account, so combining is not refused for that (INV-6)."""
    model = AccountModel()
    model.renew(["1"], 1)
    model.renew(["2"], 1)
    assert {one.account_id for one in model.invoices.values()} == {ACCOUNT}
    assert model.invoices[model.combine(["501", "502"])].kind == "renewal"
