"""INV: paying, deleting, combining, splitting, numbers, external payments."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.document_types import DOCUMENT_TYPES, DocumentFormat
from billtui.domain.models import Invoice, InvoiceKind, InvoiceState
from billtui.domain.models.invoices import BEGUN_STATES
from billtui.domain.money import Money
from billtui.domain.refusal import Refusal
from billtui.domain.rules import invoices
from billtui.domain.rules.facts import InvoiceFacts, Purses, invoice_facts
from billtui.domain.safetext import SafeText
from tests.unit.domain.made_facts import DAY, HOUR, NOW, eur, invoice, order, purses, refused

RICH = purses("100.00", "100.00")
ORDERS = (order(paid_until=NOW + DAY),)


def pay(one: InvoiceFacts, method: str = "internal", held: Purses = RICH) -> Refusal | None:
    return invoices.pay_refusal(one, method, held, ORDERS, NOW)


def test_inv_1_and_2_one_shape_for_all_invoices() -> None:
    """INV-1, INV-2: every kind and state is an invoice with its payment information, and comes back as it was."""
    for kind in InvoiceKind:
        for state in InvoiceState:
            sent = {
                "id": "5531", "number": "7", "kind": kind.value, "state": state.value,
                "issued_at": "2026-11-01T00:00:00Z",
                "paid_at": "2026-11-02T00:00:00Z", "paid_by": "olena.marsh", "paid_method": "internal",
                "total": {"amount": "10.00", "currency": "EUR"},
                "lines": [{"order_id": "17", "title": "x", "list_price": {"amount": "10.00", "currency": "EUR"},
                           "amount": {"amount": "10.00", "currency": "EUR"}}],
            }  # fmt: skip
            facts = invoice_facts(Invoice.model_validate(sent))
            assert (facts.kind, facts.state, facts.paid_by, facts.paid_method) == (
                kind,
                state,
                "olena.marsh",
                "internal",
            )
            assert facts.is_open == (state.value in {"unpaid", "promised", "overdue"})
            assert facts.line_order_ids == ("17",)


@pytest.mark.parametrize("state", ["unpaid", "promised", "overdue"])
@pytest.mark.parametrize("method", ["internal", "affiliate", "card", "crypto"])
def test_inv_3_open_invoices_are_paid_by_every_method(state: str, method: str) -> None:
    """INV-3."""
    assert pay(invoice(state=state), method) is None


def test_inv_3_promise_from_unpaid_only_and_unknown_methods() -> None:
    """INV-3."""
    assert pay(invoice(), "promise") is None
    refused(pay(invoice(state="promised", promise_until=NOW), "promise"), "promise-running", "PRM-6")
    refused(pay(invoice(state="overdue"), "promise"), "promise-broken", "PRM-6")
    refused(pay(invoice(), "seashells"), "unknown-method", "INV-3")
    for state in ("deleted", "refunded", "something-new"):
        refused(pay(invoice(state=state)), "not-payable", "INV-3")


def test_inv_4_the_second_try_is_told_who_when_and_how() -> None:
    """INV-4."""
    paid = invoice(state="paid", paid_at=NOW, paid_by="olena.marsh", paid_method="internal")
    for method in ("internal", "card", "promise"):
        refusal = refused(pay(paid, method), "already-paid", "INV-4")
        assert "2026-11-23 10:00 UTC" in refusal.reason
        assert "olena.marsh" in refusal.reason and "internal" in refusal.reason
        assert refusal.related == {
            "invoice_id": "5531",
            "paid_by": "olena.marsh",
            "paid_method": "internal",
            "paid_at": "2026-11-23T10:00:00Z",
        }


def test_inv_4_the_whole_amount_from_one_method() -> None:
    """INV-4, ACC-4: to the cent, and the other purse does not help out."""
    assert pay(invoice(), "internal", purses("10.00", "0.00")) is None
    refusal = refused(pay(invoice(), "internal", purses("9.99", "50.00")), "insufficient-funds", "ACC-4")
    assert refusal.related == {"purse": "internal", "held": "9.99", "missing": "0.01", "invoice_id": "5531"}
    assert "affiliate" in refusal.reason


def test_inv_5_only_unpaid_is_deleted() -> None:
    """INV-5, PRM-9: each other state says why and what instead."""
    assert invoices.delete_refusal(invoice()) is None
    refused(invoices.delete_refusal(invoice(state="promised")), "invoice-promised", "PRM-9")
    refused(invoices.delete_refusal(invoice(state="overdue")), "invoice-overdue", "INV-5")
    refused(invoices.delete_refusal(invoice(state="paid", paid_by="x")), "already-paid", "INV-4")
    refused(invoices.delete_refusal(invoice(state="deleted")), "invoice-deleted", "INV-5")
    refused(invoices.delete_refusal(invoice(state="refunded")), "invoice-refunded", "INV-5")
    refused(invoices.delete_refusal(invoice(combined_from=("1", "2"))), "holds-combined", "INV-5")
    gone = refused(invoices.delete_refusal(invoice(state="combined", combined_into="9")), "invoice-combined", "INV-5")
    assert gone.related == {"invoice_id": "9", "combined_id": "5531"}


def test_inv_5_deleting_cancels_pending_orders() -> None:
    """INV-5, ORD-1: only the pending ones, only those on it."""
    one = invoice(kind="new-order", line_order_ids=("1", "2"))
    fleet = [order("1", state="pending"), order("2"), order("3", state="pending")]
    assert invoices.cancelled_by_delete(one, fleet) == ("1",)


def test_inv_6_combining() -> None:
    """INV-6: every line, exact sum, earliest due date; the kind is the common one, else mixed."""
    first = invoice("1", total=eur("0.10"), due_at=NOW + DAY, line_order_ids=("17", "18"))
    second = invoice("2", total=eur("0.20"), due_at=NOW, line_order_ids=("19",))
    third = invoice("3", kind="addon", total=eur("0.01"), line_order_ids=())
    both = invoices.combined([first, second])
    assert (both.kind, both.total, both.due_at) == ("renewal", eur("0.30"), NOW)
    assert (both.line_order_ids, both.combined_from) == (("17", "18", "19"), ("1", "2"))
    assert invoices.combined([first, third]).kind == "mixed"
    with pytest.raises(ValueError, match="two or more"):
        invoices.combined([first])


def test_inv_6_who_cannot_be_combined() -> None:
    """INV-6, INV-13, PRM-9."""
    one = invoice("1")
    refused(invoices.combine_refusal([]), "combine-needs-two", "INV-6")
    refused(invoices.combine_refusal([one]), "combine-needs-two", "INV-6")
    refused(invoices.combine_refusal([one, one]), "combine-needs-two", "INV-6")
    refused(invoices.combine_refusal([one, invoice("2", account_id="8")]), "combine-account", "INV-6")
    refused(invoices.combine_refusal([one, invoice("2", total=Money("1", "USD"))]), "combine-currency", "INV-6")
    refused(invoices.combine_refusal([one, invoice("2", kind="top-up")]), "combine-kind", "INV-13")
    refused(invoices.combine_refusal([one, invoice("2", state="promised")]), "invoice-promised", "PRM-9")
    refused(invoices.combine_refusal([one, invoice("2", state="overdue")]), "invoice-overdue", "INV-6")
    refused(invoices.combine_refusal([one, invoice("2", state="paid")]), "already-paid", "INV-4")
    refused(invoices.combine_refusal([one, invoice("2", state="combined")]), "invoice-combined", "INV-5")
    assert invoices.combine_refusal([one, invoice("2", combined_from=("3", "4"))]) is None


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=30))
def test_inv_6_the_sum_is_exact(cents: list[int]) -> None:
    """INV-6, INV-10: integers of cents say the same."""
    many = [invoice(str(at), total=eur(f"{one // 100}.{one % 100:02}")) for at, one in enumerate(cents)]
    total = invoices.combined(many).total
    assert int(total.amount * 100) == sum(cents)


def test_inv_7_split() -> None:
    """INV-7: only what was combined, only while unpaid."""
    assert invoices.split_refusal(invoice(combined_from=("1", "2"))) is None
    refused(invoices.split_refusal(invoice()), "not-combined", "INV-7")
    refused(invoices.split_refusal(invoice(state="promised", combined_from=("1", "2"))), "invoice-promised", "INV-7")
    refused(invoices.split_refusal(invoice(state="paid", combined_from=("1", "2"))), "already-paid", "INV-4")


def test_inv_8_numbers() -> None:
    """INV-8: rising, without gaps."""
    numbers = [0]
    for _ in range(5):
        numbers.append(invoices.next_number(numbers[-1]))
    assert numbers == [0, 1, 2, 3, 4, 5]


def test_inv_9_formats() -> None:
    """INV-9."""
    assert get_args(DocumentFormat) == tuple(DOCUMENT_TYPES) == ("pdf", "csv", "json")


def test_inv_11_late_external_money_is_credited_once() -> None:
    """INV-11, INV-4."""
    settle = invoices.settle_external
    assert settle(invoice(), eur("10.00"), "e1", set()) is invoices.Settlement.PAYS_INVOICE
    assert settle(invoice(), eur("10.00"), "e1", {"e1"}) is invoices.Settlement.COUNTED_BEFORE
    assert settle(invoice(), eur("9.99"), "e1", set()) is invoices.Settlement.CREDITS_INTERNAL
    for state in ("paid", "deleted", "combined", "refunded"):
        assert settle(invoice(state=state), eur("10.00"), "e1", set()) is invoices.Settlement.CREDITS_INTERNAL
    for state in ("promised", "overdue"):
        assert settle(invoice(state=state), eur("10.00"), "e1", set()) is invoices.Settlement.PAYS_INVOICE


def test_inv_12_open_invoices_go_with_their_order() -> None:
    """INV-12, ORD-3: also promised and overdue ones, never paid ones or those of others."""
    many = [invoice(state, state=state) for state in ("unpaid", "promised", "overdue", "paid", "combined", "deleted")]
    many.append(invoice("other", line_order_ids=("18",)))
    assert [one.id for one in many if invoices.goes_with(one, "17")] == ["unpaid", "promised", "overdue"]


def test_inv_13_top_ups_take_external_money_only() -> None:
    """INV-13: never from a purse, never promised."""
    top_up = invoice(kind="top-up", line_order_ids=())
    assert pay(top_up, "card") is None
    for method in ("internal", "affiliate", "promise"):
        refused(pay(top_up, method), "top-up-external-only", "INV-13")


def test_payment_methods_say_what_each_needs() -> None:
    """INV-3, PRM-2, PRM-3: every method, and for the promise the deadline or the day."""
    soon = order(paid_until=NOW + 72 * HOUR)
    methods = {
        str(one.method): one for one in invoices.payment_methods(invoice(), [soon], purses("10.00", "1.00"), NOW)
    }
    assert [(name, one.available) for name, one in methods.items()] == [
        ("internal", True), ("affiliate", False), ("card", True), ("crypto", True), ("promise", True)
    ]  # fmt: skip
    assert methods["promise"].deadline == NOW + 7 * DAY
    assert (
        methods["affiliate"].code == "insufficient-funds"
        and methods["affiliate"].related[SafeText("missing")] == "9.00"
    )
    later = invoices.payment_methods(invoice(), [order(paid_until=NOW + 5 * DAY)], RICH, NOW)[-1]
    assert (later.available, later.code, later.rule) == (False, "promise-too-early", "PRM-2")
    assert later.available_from == NOW + 2 * DAY and later.deadline is None


def test_invoice_actions() -> None:
    """INV-3, INV-5, INV-6, INV-7, INV-9: every action with its reason."""
    actions = invoices.invoice_actions(invoice(), ORDERS, NOW)
    assert tuple(actions) == invoices.ACTIONS
    assert [name for name, refusal in actions.items() if refusal is not None] == ["split"]
    paid = invoices.invoice_actions(invoice(state="paid"), ORDERS, NOW)
    assert [name for name, refusal in paid.items() if refusal is None] == ["document"]


@pytest.mark.parametrize("state", sorted(BEGUN_STATES))
def test_nobody_is_told_to_renew_what_is_being_paid(state: str) -> None:
    """A payment that was begun at a provider (wire: BILLmanager); its state is no state of INV-2."""
    refusal = invoices.state_refusal(invoice(state=state))
    assert refusal is not None and refusal.code == "not-payable"
    assert "was begun at a provider" in refusal.reason and "renew again" not in refusal.reason
