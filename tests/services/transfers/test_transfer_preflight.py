"""Before orders change hands: blockers with their ways out, and what it does to both bills (TRF-4, TRF-5, DSC-2)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from billtui.domain.models import Transfer
from billtui.domain.rules.discounts import loyalty_of
from billtui.domain.rules.orders import action_refusal
from billtui.domain.rules.renewal import price_renewal
from billtui.services.pricing import facts_of
from billtui.services.store import OrderRow, cents, instant
from billtui.services.transfer_preflight import accept_preflight, push_preflight, push_refusal, tier_words
from tests.services.order_rows import DAY, NOW, order_row

MOMENT = instant(NOW)
YOUNG = {"in_use_since": NOW - 10 * DAY, "created_at": NOW - 10 * DAY}


def fleet(count: int, **values: object) -> list[OrderRow]:
    return [order_row(str(number), name=f"web-{number}", **{**YOUNG, **values}) for number in range(1, count + 1)]


def monthly(rows: list[OrderRow]) -> int:
    """A month of these orders by the domain, as they count among themselves (DSC-1 to DSC-5)."""
    counts = {kind: sum(1 for row in rows if row.kind == kind) for kind in {row.kind for row in rows}}
    lines = [price_renewal(facts_of(row), 1, loyalty_of(facts_of(row), counts[row.kind], MOMENT)) for row in rows]
    return sum(cents(line.total) for line in lines)


def test_every_blocker_has_its_way_out() -> None:
    """TRF-4: pay the invoice, cancel the transfer, renew what is blocked; nothing for what is gone."""
    rows = [
        order_row("1"),
        order_row("2", unpaid_invoice_id="5531"),
        order_row("3", transfer_id="t9"),
        order_row("4", state="blocked", paid_until=NOW - DAY, blocked_at=NOW - DAY),
        order_row("5", state="blocked", paid_until=NOW - DAY, blocked_at=NOW - DAY, unpaid_invoice_id="77"),
        order_row("6", state="pending", paid_until=None, created_at=NOW - DAY, unpaid_invoice_id="78"),
        order_row("7", state="deleted", paid_until=NOW - 30 * DAY),
        order_row("8", state="suspended"),
    ]
    found = push_preflight(rows, [row.id for row in rows] + ["1", "99"], MOMENT)
    assert [row.id for row in found.going] == ["1", "8"] and found.unknown == ("99",)
    ways = {one.row.id: (one.refusal.code, one.way.command) for one in found.blockers}
    assert ways == {
        "2": ("open-invoice", "invoices pay id:5531 --method internal"),
        "3": ("in-transfer", "transfers cancel t9"),
        "4": ("order-blocked", "orders renew id:4 --period 1 --pay internal"),
        "5": ("order-blocked", "invoices pay id:77 --method internal"),
        "6": ("order-pending", "invoices pay id:78 --method internal"),
        "7": ("order-deleted", ""),
    }
    by_id = {one.row.id: one for one in found.blockers}
    assert (by_id["2"].way.invoice_id, by_id["3"].way.transfer_id) == ("5531", "t9")
    assert all(one.way.words and one.refusal.reason for one in found.blockers)


def test_losing_two_of_eleven_costs_the_others_their_tier() -> None:
    """DSC-2, worked: 11 micros of 5.90 at 5 % are 5.61 each (5.605 rounded up); 9 at 3 % are 5.72 (5.723)."""
    found = push_preflight(fleet(11), ["1", "2"], MOMENT)
    assert (found.effect.monthly, found.effect.monthly_after) == (11 * 561, 9 * 572)
    assert (found.monthly_going, found.effect.staying_difference) == (2 * 561, 9 * 11)
    assert tier_words(found.effect) == ["vds: 11 → 9 services, 5 % → 3 % (DSC-2)"]


def test_the_recipient_gains_the_tier() -> None:
    """DSC-2, worked: 9 micros at 3 % are 5.72 each; with one more it is 5 % for all, and the new one costs 5.61."""
    incoming = transfer()
    found = accept_preflight(fleet(9), [incoming], {"vds-micro": "vds"}, MOMENT)
    assert (found.effect.monthly, found.effect.monthly_after) == (9 * 572, 10 * 561)
    assert (found.effect.added_monthly, found.saved_elsewhere) == (561, 9 * 11)
    assert tier_words(found.effect) == ["vds: 9 → 10 services, 3 % → 5 % (DSC-2)"]
    other_kind = accept_preflight(fleet(9), [incoming], {"vds-micro": "dedicated"}, MOMENT)
    assert other_kind.saved_elsewhere == 0
    unpriced = accept_preflight(fleet(9), [transfer(monthly_price=None)], {}, MOMENT)
    assert len(unpriced.unpriced) == 1 and unpriced.effect.difference == 0


def test_what_no_discount_lowers_comes_on_top() -> None:
    """DSC-4: add-ons cost what they cost, and a price of its own stays one; both count for the tier all the same.

    What is said to be the most would else be less than the bill.
    """
    backup = {"amount": "2.00", "currency": "EUR"}
    with_addons = accept_preflight(fleet(9), [transfer(addons_monthly=backup, individual_price=False)], {}, MOMENT)
    assert (with_addons.effect.monthly_after, with_addons.undiscounted) == (10 * 561, 200)
    own = accept_preflight(fleet(9), [transfer(addons_monthly=backup, individual_price=True)], {}, MOMENT)
    assert (own.effect.monthly_after, own.undiscounted) == (9 * 561, 590 + 200)
    assert tier_words(own.effect) == tier_words(with_addons.effect)
    assert (own.addons_untold, accept_preflight(fleet(9), [transfer()], {}, MOMENT).addons_untold) == (0, 1)


def test_a_price_in_another_currency_is_added_to_nothing() -> None:
    """INV-10: one currency per account; a panel that lets such an order through is not believed a sum."""
    foreign = {"amount": "5.90", "currency": "USD"}
    found = accept_preflight(fleet(9), [transfer(monthly_price=foreign, addons_monthly=foreign)], {}, MOMENT)
    assert (len(found.unpriced), found.effect.difference, found.undiscounted) == (1, 0, 0)


def transfer(**more: object) -> Transfer:
    known = {
        "id": "t1", "order_id": "900", "order_name": "db-1", "plan": "vds-micro", "location": "nl", "direction": "in",
        "state": "awaiting recipient", "counterparty": "a.adler", "created_at": "2026-11-18T00:00:00Z",
        "monthly_price": {"amount": "5.90", "currency": "EUR"},
    }  # fmt: skip
    return Transfer.model_validate(known | more)


@st.composite
def accounts(draw: st.DrawFn) -> list[OrderRow]:
    rows = []
    for number in range(draw(st.integers(1, 24))):
        since = NOW - draw(st.integers(1, 1300)) * DAY
        rows.append(
            order_row(
                str(number),
                kind=draw(st.sampled_from(["vds", "vds", "vds", "dedicated", "hosting"])),
                state=draw(st.sampled_from(["active", "active", "active", "suspended", "blocked", "pending"])),
                price=draw(st.sampled_from([350, 590, 1990, 8900])),
                individual_price=draw(st.sampled_from([0, 0, 0, 1])),
                auto_on=draw(st.sampled_from([0, 1])),
                created_at=since,
                in_use_since=since,
                unpaid_invoice_id=draw(st.sampled_from([None, None, None, "5531"])),
                transfer_id=draw(st.sampled_from([None, None, None, "t9"])),
                blocked_at=NOW - DAY,
            )
        )
    return rows


@settings(max_examples=60, deadline=None)
@given(rows=accounts(), data=st.data())
def test_what_is_said_is_what_the_rules_say(rows: list[OrderRow], data: st.DataObject) -> None:
    """Every chosen order goes or is blocked, by the domain's rule; both totals are the domain's, to the cent."""
    chosen = data.draw(st.lists(st.sampled_from([row.id for row in rows]), unique=True))
    found = push_preflight(rows, chosen, MOMENT)
    assert sorted([row.id for row in found.going] + [one.row.id for one in found.blockers]) == sorted(chosen)
    for row in rows:
        assert push_refusal(row, MOMENT) == action_refusal(facts_of(row), "transfer", MOMENT)
    running = [row for row in rows if row.state in ("active", "suspended")]
    going = {row.id for row in found.going}
    staying = [row for row in running if row.id not in going]
    assert found.effect.monthly == monthly(running)
    assert found.effect.monthly_after == monthly(staying)
    alone_before = found.effect.monthly - found.monthly_going
    assert found.effect.monthly_after - alone_before == found.effect.staying_difference
    assert found.auto_renewing == sum(1 for row in found.going if row.auto_on)
