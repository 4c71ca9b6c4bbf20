"""The fast walk in whole numbers against the slow one by the rules, on random small fleets; prices and months alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from billtui.domain.models import InvoiceState
from billtui.domain.money import Money
from billtui.domain.periods import add_months
from billtui.domain.policy import DEFAULT_POLICY, LoyaltyTiers, Policy
from billtui.domain.rules.discounts import loyalty
from billtui.domain.rules.facts import InvoiceFacts, Purses
from billtui.domain.rules.renewal import price_renewal
from billtui.services.forecast import CentsHeld, Fleet, TopUp, Walk, What, forecast
from billtui.services.forecast import months as fast_months
from billtui.services.forecast.opening import settled_day
from billtui.services.forecast.prices import NEVER, PriceList
from billtui.services.forecast.topping_up import first_failing, saving
from billtui.services.pricing import facts_of
from billtui.services.store import InvoiceRow, OrderRow, cents, epoch
from tests.services.forecast.beside_panel import told
from tests.services.forecast.slow_walk import SlowWalk, end_of

NOW = datetime(2026, 1, 29, 22, 30, tzinfo=UTC)
T = int(NOW.timestamp())
DAY = 86_400

instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC, microsecond=0)
)
percents = st.decimals("0", "60", places=2)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Steps with fractions of a per cent, in any order."""
    steps = st.lists(st.tuples(st.integers(0, 40), percents), max_size=4, unique_by=lambda step: step[0]).map(tuple)
    return Policy(loyalty={"vds": LoyaltyTiers(draw(steps), draw(steps))})


@given(instants, st.integers(0, 60), st.one_of(st.none(), st.integers(1, 31)))
@example(datetime(2026, 1, 31, tzinfo=UTC), 1, None)
@example(datetime(2026, 2, 28, tzinfo=UTC), 1, 31)
def test_months_are_calendar_months(at: datetime, months: int, billing_day: int | None) -> None:
    """REN-3: whole seconds give what datetimes give."""
    wanted = int(add_months(at, months, billing_day).timestamp())
    assert fast_months.add_months(int(at.timestamp()), months, billing_day) == wanted


@given(
    policy=st.one_of(st.just(DEFAULT_POLICY), policies()),
    monthly=st.integers(0, 10**9),
    addons=st.lists(st.integers(0, 10**6), max_size=3),
    months=st.sampled_from((1, 3, 6, 12, 24)),
    used=st.one_of(st.none(), st.integers(0, 45 * 31 * DAY)),
    count=st.integers(0, 30),
    individual=st.booleans(),
)
def test_prices_are_those_of_the_rules(
    policy: Policy, monthly: int, addons: list[int], months: int, used: int | None, count: int, individual: bool
) -> None:
    """INV-10, DSC-1 to DSC-4: the same cents for all input."""
    row = order_row("1", price=monthly, individual_price=int(individual))._replace(
        addons=sum(addons),
        addon_prices=" ".join(map(str, addons)),
        in_use_since=None if used is None else T - used,
    )
    facts = facts_of(row)
    discounts = loyalty("vds", facts.in_use_since, count, NOW, individual, policy)
    wanted = cents(price_renewal(facts, months, discounts).total)
    prices = PriceList(policy)
    tiers = prices.tiers("vds")
    since = NEVER if row.in_use_since is None else row.in_use_since
    percent = 0 if individual else tiers.use_percent(since, T)[0] + tiers.count_percent(count)
    assert prices.cents(monthly, sum(addons), months, percent) == wanted


@given(used=st.integers(0, 45 * 31 * DAY))
def test_a_step_of_loyalty_holds_until_the_instant_that_is_said(used: int) -> None:
    """DSC-1: "over 3 months" is later than + 3 calendar months, not at that instant."""
    tiers = PriceList(DEFAULT_POLICY).tiers("vds")
    percent, until = tiers.use_percent(T - used, T)
    assert until >= T
    if until < NEVER:
        assert tiers.use_percent(T - used, until)[0] == percent
        assert tiers.use_percent(T - used, until + 1)[0] > percent


def order_row(key: str, **values: object) -> OrderRow:
    """A running order."""
    row = OrderRow(
        id=key, name=f"web-{key}", kind="vds", plan="small", location="nl", address="", state="active",
        power="running", created_at=T - 90 * DAY, paid_until=T + 5 * DAY, price=1_000, currency="EUR", discount="0",
        individual_price=0, auto_on=0, auto_months=1, billing_day=3, in_use_since=T - 90 * DAY,
        unpaid_invoice_id=None, transfer_id=None, blocked_at=None, addons=0, addon_prices="", auto_since=None,
        auto_done_for=None, promise_until=None, version=1,
    )  # fmt: skip
    return row._replace(**values)  # type: ignore[arg-type]  # named fields


def invoice_row(key: str, state: str, total: int, promise_until: int | None) -> InvoiceRow:
    """An open invoice that is due at no particular time."""
    return InvoiceRow(
        key, f"N{key}", "renewal", state, T - DAY, None, None, total, "EUR", "", promise_until, None, 1, 1
    )


MONTH_ENDS = (datetime(2026, 1, 31, 23, tzinfo=UTC), datetime(2026, 2, 28, 1, tzinfo=UTC))


@st.composite
def fleets(draw: st.DrawFn) -> tuple[list[OrderRow], list[InvoiceRow], int, int]:
    """Orders in all states, around the steps of DSC-2, some on common invoices, with purses that run out."""
    bills = [
        invoice_row(
            str(100 + n),
            state := draw(st.sampled_from(["unpaid", "promised", "overdue"])),
            draw(st.integers(1, 9_999)),
            T + draw(st.integers(1, 7 * DAY)) if state == "promised" else None,
        )
        for n in range(draw(st.integers(0, 2)))
    ]
    size = draw(st.sampled_from([2, 5, 6, 10, 11, 12]))
    orders = [draw(orders_on(str(n + 1), bills)) for n in range(size)]
    return orders, bills, draw(st.integers(-5, 40_000)), draw(st.integers(0, 4_000))


def _ends(draw: st.DrawFn) -> int:
    """Whole hours, so that many end at one instant; the ends of months; any second."""
    kind = draw(st.sampled_from(["hour", "hour", "month end", "any"]))
    if kind == "month end":
        return int(draw(st.sampled_from(MONTH_ENDS)).timestamp())
    return T + (draw(st.integers(0, 20)) * 43_200 if kind == "hour" else draw(st.integers(1, 40 * DAY))) + 1


@st.composite
def orders_on(draw: st.DrawFn, key: str, bills: list[InvoiceRow]) -> OrderRow:
    """One order of a fleet."""
    state = draw(st.sampled_from(["active"] * 7 + ["suspended", "blocked", "pending", "pending", "deleted"]))
    bill = draw(st.sampled_from([None, None, *bills])) if state != "deleted" else None
    end = _ends(draw)
    promise = bill.promise_until if bill is not None and bill.state == "promised" else None
    if state in ("blocked", "pending"):
        promise = None
    elif promise is not None and draw(st.booleans()):
        end = T - draw(st.integers(0, 3 * DAY))  # kept alive by its promise (PRM-5)
    auto = draw(st.sampled_from([True, True, False])) and state in ("active", "suspended")
    moment = end - 2 * DAY
    dealt_with = moment <= T or draw(st.sampled_from([False, False, False, True]))
    return order_row(
        key,
        state=state,
        kind=draw(st.sampled_from(["vds"] * 6 + ["dedicated", "hosting"])),
        paid_until=None if state == "pending" else end if state != "blocked" else T - DAY,
        created_at=T - draw(st.integers(0, 7 * DAY - 1)) if state == "pending" else T - 90 * DAY,
        blocked_at=T - draw(st.integers(0, 7 * DAY - 1)) if state == "blocked" else None,
        price=draw(st.integers(0, 3_000)),
        individual_price=int(draw(st.sampled_from([False] * 5 + [True]))),
        auto_on=int(auto),
        auto_months=draw(st.sampled_from((1, 1, 1, 3))),
        billing_day=draw(st.sampled_from([datetime.fromtimestamp(end, UTC).day, 31, 30, 29, 12])),
        in_use_since=T - draw(st.integers(0, 1_200 * DAY)),
        addons=(addon := draw(st.sampled_from([0, 0, 250]))),
        addon_prices=str(addon) if addon else "",
        unpaid_invoice_id=None if bill is None else bill.id,
        auto_since=None if not auto else draw(st.sampled_from([T - 9 * DAY, T - DAY, moment - 1, moment, moment + 1])),
        auto_done_for=end if dealt_with else None,
        promise_until=promise,
    )


def slow(orders: list[OrderRow], bills: list[InvoiceRow], held: CentsHeld, days: int) -> SlowWalk:
    """The slow walk over the same rows."""
    by_id = {bill.id: bill for bill in bills}
    facts = {}
    for row in orders:
        one = facts_of(row)
        bill = by_id.get(row.unpaid_invoice_id or "")
        if bill is not None and bill.state == InvoiceState.PROMISED and row.promise_until is not None:
            one = replace(one, promise_invoice_id=bill.id)
        facts[row.id] = one
    invoices = {
        bill.id: InvoiceFacts(
            bill.id, bill.number, bill.kind, bill.state, euro(bill.total),
            promise_until=None if bill.promise_until is None else datetime.fromtimestamp(bill.promise_until, UTC),
        )
        for bill in bills
    }  # fmt: skip
    return SlowWalk(facts, invoices, Purses(euro(held.internal), euro(held.affiliate)))


def euro(amount: int) -> Money:
    return Money(Decimal(amount).scaleb(-2), "EUR")


@settings(max_examples=250, deadline=None)
@given(fleets(), st.sampled_from([30, 90, 200]))
def test_random_fleets_end_alike(fleet: tuple[list[OrderRow], list[InvoiceRow], int, int], days: int) -> None:
    """REN-4, ACC-4, ORD-2, ORD-3, PRM-5, PRM-8, INV-12, DSC-1, DSC-2: every event, both purses at the end."""
    orders, bills, internal, affiliate = fleet
    held = CentsHeld(internal, affiliate)
    fast = forecast(Fleet(orders, bills, "EUR"), held, NOW, days)
    walk = slow(orders, bills, held, days)
    assert told(fast) == walk.run(NOW, end_of(NOW, days))
    last = fast.days[-1]
    assert (last.internal, last.affiliate) == (cents(walk.purses.internal), cents(walk.purses.affiliate))
    events = [*fast.events()]
    assert all(one.at <= two.at for one, two in pairwise(events))
    assert sum(event.cents for event in events if event.what in (What.FAILED,)) == fast.totals.failed_cents
    assert sum(day.due_cents for day in fast.days) == fast.totals.due_cents


def test_an_order_that_lives_by_a_promise_is_blocked_when_its_invoice_goes() -> None:
    """INV-12, PRM-5: freed, its paid period long over: blocked at once, and what else that day brings comes after."""
    bill = invoice_row("100", "promised", 2_000, T + 5 * DAY)
    orders = [
        order_row("1", state="blocked", blocked_at=T - 6 * DAY, paid_until=T - 6 * DAY, unpaid_invoice_id="100"),
        order_row("2", paid_until=T - DAY, unpaid_invoice_id="100", promise_until=T + 5 * DAY),
        order_row("3", paid_until=T + 3 * DAY + 600, auto_on=1, auto_since=T - 9 * DAY),
        order_row("4", paid_until=T + DAY + 1_200),
    ]
    held = CentsHeld(500, 960)
    fast = forecast(Fleet(orders, [bill], "EUR"), held, NOW, 30)
    found = told(fast)
    assert found == slow(orders, [bill], held, 30).run(NOW, end_of(NOW, 30))
    assert ("blocks", T + DAY, "2") in [one[:3] for one in found]
    assert ("deletes", T + 6 * DAY, "2") in [one[:3] for one in found]
    assert [event.title for event in fast.events(T + DAY, T + DAY + 1_200)] == [
        "web-1", "invoice N100", "web-2", "web-3", "web-4",
    ]  # fmt: skip


def walked(orders: list[OrderRow], bills: list[InvoiceRow], held: CentsHeld, days: int, top_up: TopUp) -> Walk:
    """The whole walk once more, with money that comes at an instant."""
    until = T + days * DAY
    return Walk(
        Fleet(orders, bills, "EUR"), held, T, until, fast_months.zone_days(T, until), DEFAULT_POLICY, top_up
    ).run()


@settings(max_examples=250, deadline=None)
@given(fleets(), st.sampled_from([30, 120]))
def test_the_top_up_saves_every_renewal_and_a_cent_less_does_not(
    fleet: tuple[list[OrderRow], list[InvoiceRow], int, int], days: int
) -> None:
    """REN-4: walked again with it, nothing fails; with a cent less, something does at one of its arrivals."""
    orders, bills, internal, affiliate = fleet
    held = CentsHeld(internal, affiliate)
    made = forecast(Fleet(orders, bills, "EUR"), held, NOW, days)
    if made.saving is None:
        assert made.totals.failed == 0
        return
    first = next(event for event in made.events() if event.what == What.FAILED)
    assert made.saving.by == made.first_failure == first.at
    found = made.saving
    assert not walked(orders, bills, held, days, TopUp(found.by, found.cents)).short
    at_once = forecast(Fleet(orders, bills, "EUR"), CentsHeld(internal + found.cents, affiliate), NOW, days)
    assert at_once.totals.failed == 0
    assert at_once.totals.renewed == found.renewals
    assert found.smallest


amounts = st.lists(st.integers(1, 12), min_size=1, max_size=7)


@settings(max_examples=600)
@given(amounts, st.integers(0, 15), st.integers(0, 15))
@example([3, 2, 2], 0, 3)
def test_the_smallest_top_up_is_found(row: list[int], internal: int, affiliate: int) -> None:
    """Against trying every amount at every arrival before the first failure."""
    found = saving(row, lambda n: n, internal, affiliate)
    fails = first_failing(row, internal, affiliate)
    if found is None:
        assert fails is None
        return
    assert fails is not None
    assert found.by == fails

    def enough(extra: int) -> bool:
        held, other = internal, affiliate
        for place in range(fails + 1):
            if first_failing(row[place:], held + extra, other) is not None:
                return False
            if place < fails:
                if held >= row[place]:
                    held -= row[place]
                else:
                    other -= row[place]
        return True

    assert found.cents == next(extra for extra in range(200) if enough(extra))
    assert all(enough(extra) for extra in range(found.cents, found.cents + 20))


def test_the_example_of_the_document() -> None:
    """docs/forecast.md: 4.00 are enough in time for the second, 5.00 whenever they arrive."""
    found = saving([300, 200, 200], lambda n: n, 0, 300)
    assert found is not None
    assert (found.cents, found.by, found.renewals, found.smallest) == (500, 1, 3, True)
    assert first_failing([200, 200], 400, 0) is None
    assert first_failing([300, 200, 200], 400, 300) == 2
    assert first_failing([300, 200, 200], 500, 300) is None


def test_days_begin_where_the_person_is() -> None:
    """A day is the zone's, summer time included."""
    from zoneinfo import ZoneInfo

    begin = int(datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp())
    starts, dates = fast_months.zone_days(begin, begin + 3 * DAY, ZoneInfo("Europe/Berlin"))
    assert [two - one for one, two in pairwise(starts)] == [DAY, DAY - 3_600, DAY]
    assert [day.day for day in dates] == [28, 29, 30, 31]
    assert epoch(datetime(2026, 3, 27, 23, tzinfo=UTC)) == starts[0]


def test_a_settled_day_is_where_every_later_end_falls() -> None:
    """REN-3: from every day of two years and every billing day, renewed one by one."""
    settled = 0
    for month in range(12 * 30, 12 * 32):
        for day in range(1, fast_months.LENGTHS[month] + 1):
            for billing in range(32):
                found = settled_day(month, day, billing)
                here, there = day, month
                for _ in range(15 if found else 0):
                    length = fast_months.LENGTHS[there]
                    wanted = billing if here == length and billing > length else here
                    there += 1
                    here = min(wanted, fast_months.LENGTHS[there])
                    assert here == min(found, fast_months.LENGTHS[there])
                settled += found > 0
    assert settled > 20_000
