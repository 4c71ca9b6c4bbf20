"""Deleting, combining, splitting, numbering (INV-1, INV-5 … INV-8, PRM-9)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import invoices, payments
from billtui.sandbox.engine.errors import NotFound, PriceChanged
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.engine.wire import InvoiceJSON
from tests.support.engine import SECOND, World


def combine(world: World, *ids: str, expected: Money | None = None) -> InvoiceJSON:
    return world.write(lambda tx: invoices.combine(tx, world.account, ids, expected))


def delete(world: World, invoice_id: str) -> InvoiceJSON:
    return world.write(lambda tx: invoices.delete_invoice(tx, world.account, invoice_id))


def split(world: World, invoice_id: str) -> list[InvoiceJSON]:
    return world.write(lambda tx: invoices.split(tx, world.account, invoice_id))


def three(world: World) -> list[InvoiceJSON]:
    return [world.renewal(order_id) for order_id in world.free(3)]


def test_deleting_frees_the_orders(world: World) -> None:
    """INV-5: the order can be renewed again; the invoice keeps its number and stays findable."""
    order_id = world.free(1)[0]
    invoice = world.renewal(order_id)
    assert world.order(order_id)["unpaid_invoice_id"] == invoice["id"]
    deleted = delete(world, invoice["id"])
    assert (deleted["state"], deleted["number"]) == ("deleted", invoice["number"])
    assert world.order(order_id)["unpaid_invoice_id"] is None
    again = world.renewal(order_id)
    assert int(again["number"]) == int(invoice["number"]) + 1  # INV-8


def test_deleting_a_new_order_invoice_cancels_its_order(world: World) -> None:
    """INV-5, ORD-1."""
    order_id, invoice_id = world.rows("SELECT id, open_invoice_id FROM orders WHERE state = 'pending'")[0]
    delete(world, str(invoice_id))
    assert world.order(str(order_id))["state"] == "cancelled"


def test_what_cannot_be_deleted(world: World) -> None:
    """INV-5, PRM-9: promised, overdue, paid, combined originals and what holds combined ones."""
    states = {
        "promised": (SECOND, "invoice-promised"),
        "overdue": (SECOND, "invoice-overdue"),
        "paid": (world.account, "already-paid"),
        "combined": (world.account, "invoice-combined"),
        "refunded": (world.account, "invoice-refunded"),
        "deleted": (world.account, "invoice-deleted"),
    }
    for state, (account, code) in states.items():
        found = world.value("SELECT id FROM invoices WHERE account_id = ? AND state = ? LIMIT 1", account, state)
        world.account = account
        with pytest.raises(RuleBroken) as refused:
            delete(world, str(found))
        assert refused.value.refusal.code == code
    world.account = int(world.value("SELECT account_id FROM invoices WHERE combined_from <> '[]'"))
    whole = world.value("SELECT id FROM invoices WHERE combined_from <> '[]'")
    with pytest.raises(RuleBroken) as refused:
        delete(world, str(whole))
    assert refused.value.refusal.code == "holds-combined"


def test_combining_keeps_every_line_and_the_sum(world: World) -> None:
    """INV-6: exact sum, discounts kept, earliest due date, common kind; originals point to it, ends do not move."""
    originals = three(world)
    ends = [world.paid_until(str(one["lines"][0]["order_id"])) for one in originals]
    whole = combine(world, *(one["id"] for one in originals))
    assert Decimal(whole["total"]["amount"]) == sum(Decimal(one["total"]["amount"]) for one in originals)
    assert whole["lines"] == [line for one in originals for line in one["lines"]]
    assert whole["kind"] == "renewal"
    assert whole["due_at"] == min(one["due_at"] or "" for one in originals)
    assert whole["combined_from"] == [one["id"] for one in originals]
    for one, end in zip(originals, ends, strict=True):
        after = world.invoice(one["id"])
        assert (after["state"], after["combined_into"]) == ("combined", whole["id"])
        order_id = str(one["lines"][0]["order_id"])
        assert world.order(order_id)["unpaid_invoice_id"] == whole["id"]
        assert world.paid_until(order_id) == end
    world.pay(whole["id"])
    for one, end in zip(originals, ends, strict=True):
        assert world.paid_until(str(one["lines"][0]["order_id"])) > end
        with pytest.raises(RuleBroken):
            world.pay(one["id"])


def test_different_kinds_become_mixed(world: World) -> None:
    """INV-6, PRM-4: then a promise is not possible."""
    found = world.rows(
        "SELECT min(id) FROM invoices WHERE account_id = ? AND state = 'unpaid' AND combined_from = '[]'"
        " AND kind IN ('renewal', 'administration', 'new-order') GROUP BY kind",
        world.account,
    )
    whole = combine(world, *(str(row[0]) for row in found))
    assert whole["kind"] == "mixed"
    with pytest.raises(RuleBroken) as refused:
        world.pay(whole["id"], "promise")
    assert refused.value.refusal.rule == "PRM-4"
    world.pay(whole["id"])
    assert world.value("SELECT count(*) FROM orders WHERE state = 'pending'") == 0


def test_splitting_gives_the_originals_back(world: World) -> None:
    """INV-7: exactly what was combined, and everything as it was before."""
    originals = three(world)
    before = [world.invoice(one["id"]) for one in originals]
    whole = combine(world, *(one["id"] for one in originals))
    returned = split(world, whole["id"])
    for old, new in zip(before, returned, strict=True):
        assert {**new, "version": 0} == {**old, "version": 0}
        assert new["version"] > old["version"]
    assert world.invoice(whole["id"])["state"] == "deleted"
    for one in originals:
        assert world.order(str(one["lines"][0]["order_id"]))["unpaid_invoice_id"] == one["id"]
    delete(world, originals[0]["id"])
    assert combine(world, originals[1]["id"], originals[2]["id"])["state"] == "unpaid"


def test_combined_of_combined_splits_in_two_steps(world: World) -> None:
    """INV-6, INV-7."""
    one, two, three_ = three(world)
    inner = combine(world, one["id"], two["id"])
    outer = combine(world, inner["id"], three_["id"])
    assert {each["id"] for each in split(world, outer["id"])} == {inner["id"], three_["id"]}
    assert {each["id"] for each in split(world, inner["id"])} == {one["id"], two["id"]}


def test_what_cannot_be_combined(world: World) -> None:
    """INV-6, INV-13: one alone, twice the same, top-ups, paid ones, another account's."""
    one, two, _ = three(world)
    top_up = str(world.value("SELECT id FROM invoices WHERE kind = 'top-up' AND state = 'unpaid'"))
    world.pay(two["id"])
    cases = (
        ((one["id"],), "INV-6"),
        ((one["id"], one["id"]), "INV-6"),
        ((one["id"], top_up), "INV-13"),
        ((one["id"], two["id"]), "INV-4"),
    )
    for ids, rule in cases:
        with pytest.raises(RuleBroken) as refused:
            combine(world, *ids)
        assert refused.value.refusal.rule == rule
    theirs = str(world.value("SELECT id FROM invoices WHERE account_id = ? LIMIT 1", SECOND))
    with pytest.raises(NotFound):
        combine(world, one["id"], theirs)


def test_combining_takes_the_expected_total_only(world: World) -> None:
    """DSC-8."""
    one, two, _ = three(world)
    with pytest.raises(PriceChanged):
        combine(world, one["id"], two["id"], expected=Money("1.00", "EUR"))
    assert world.invoice(one["id"])["state"] == "unpaid"


def test_a_promised_one_cannot_be_combined(world: World) -> None:
    """PRM-9."""
    first = world.near(hours=48)
    promised, other = world.renewal(first), world.renewal(world.free(1)[0])
    world.pay(promised["id"], "promise")
    with pytest.raises(RuleBroken) as refused:
        combine(world, promised["id"], other["id"])
    assert refused.value.refusal.rule == "PRM-9"


def test_one_list_with_all_invoices(world: World) -> None:
    """INV-1, INV-8: every invoice is listed once, numbers rise without gaps, filters find what they say."""
    numbers: list[int] = []
    query = ListQuery(limit=37, sort="number")
    while True:
        page = world.read(invoices.list_invoices, world.account, query)
        numbers += [int(item["number"]) for item in page["items"]]
        assert all("lines" not in item for item in page["items"])
        if page["next_cursor"] is None:
            break
        query = ListQuery(limit=37, sort="number", cursor=page["next_cursor"])
    assert numbers == list(range(1, page["total"] + 1))
    unpaid = world.read(
        lambda tx: invoices.list_invoices(tx, world.account, ListQuery(500, filters={"state": ["unpaid"]}))
    )
    assert unpaid["total"] == len(unpaid["items"]) >= 4
    top_up = next(item for item in unpaid["items"] if item["kind"] == "top-up")
    assert {action["action"] for action in top_up["actions"]} == {"promise", "combine", "split"}


def test_list_items_refuse_what_the_detail_refuses(world: World) -> None:
    """ORD-7: the short form of a list says the same as the long one."""
    page = world.read(lambda tx: invoices.list_invoices(tx, world.account, ListQuery(100)))
    for item in page["items"]:
        detail = world.invoice(item["id"])["actions"]
        refused = [{key: one[key] for key in ("action", "code", "related")} for one in detail if not one["allowed"]]
        assert item["actions"] == refused


def test_payments_of_an_invoice_are_told(world: World) -> None:
    """INV-1: all payment information."""
    invoice = world.renewal(world.free(1)[0])
    world.pay(invoice["id"], "card")
    world.pay(invoice["id"], "internal")
    told = world.read(lambda tx: payments.payments_of(tx, world.account, invoice["id"]))
    assert [(one["method"], one["state"]) for one in told] == [("card", "pending"), ("internal", "done")]
