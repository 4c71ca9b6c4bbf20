"""TRF: who may do what in which state, refusals with their ways out, expiry, what an order keeps, and guessing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules import transfers
from billtui.domain.rules.facts import OrderFacts
from billtui.domain.rules.transfers import STEPS, Side, TransferFacts
from billtui.domain.transfer_states import RUNNING_STATES, TransferState

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
S = TransferState


def transfer(**changes: object) -> TransferFacts:
    """A transfer that was pushed just now."""
    begun = TransferFacts("7", "12", "web-01", S.AWAITING_SENDER, NOW + 72 * HOUR)
    return replace(begun, **changes)  # type: ignore[arg-type]  # fields of the facts, by name


def order(**changes: object) -> OrderFacts:
    """An active order, well before its end."""
    made = OrderFacts("12", "web-01", "vds", "active", NOW + timedelta(days=20), Money("5.90", "EUR"))
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of the facts, by name


def whole(refusal: Refusal | None) -> Refusal:
    """A refusal that says why, and what to do instead."""
    assert refusal is not None
    assert refusal.rule and refusal.reason.endswith(".")
    assert ":" in refusal.reason or ". " in refusal.reason, "names a way out"
    return refusal


# --- states


@pytest.mark.parametrize(
    ("state", "sender", "recipient"),
    [
        (S.AWAITING_SENDER, {"confirm", "cancel"}, set()),
        (S.AWAITING_RECIPIENT, {"cancel"}, {"accept", "decline"}),
        (S.COMPLETED, set(), set()),
        (S.CANCELLED, set(), set()),
        (S.DECLINED, set(), set()),
        (S.EXPIRED, set(), set()),
    ],
)
def test_trf_3_who_may_do_what(state: TransferState, sender: set[str], recipient: set[str]) -> None:
    """TRF-2, TRF-3: and whoever may not is told what the other side can do."""
    one = transfer(state=state)
    for side, allowed in ((Side.SENDER, sender), (Side.RECIPIENT, recipient)):
        found = transfers.steps(one, side)
        assert list(found) == ["confirm", "accept", "decline", "cancel"]
        assert {action for action, refusal in found.items() if refusal is None} == allowed
        for action, refusal in found.items():
            if refusal is not None:
                assert whole(refusal).related["transfer_id"] == "7"
                if state not in RUNNING_STATES:
                    assert refusal.code == "transfer-over"
                elif STEPS[action].side is not side:
                    assert refusal.code in ("not-the-sender", "not-the-recipient") and "you can" in refusal.reason
    assert transfers.step_refusal(transfer(state=S.AWAITING_RECIPIENT), "confirm", Side.SENDER) is not None


def test_trf_3_every_walk_of_four_steps() -> None:
    """Every sequence of confirm, accept, decline, cancel and expiry, by either side: what it comes to."""
    events = [(action, side) for action in STEPS for side in Side]
    ends: set[str] = set()
    for walk in itertools.product([*events, None], repeat=4):
        one, done = transfer(), ""
        for event in walk:
            before = one
            if event is None:
                if one.is_running:
                    assert one.expires_at is not None and transfers.has_expired(one, one.expires_at)
                    one = transfers.ended(one, S.EXPIRED, one.expires_at)
                    done += "x"
            elif transfers.step_refusal(one, *event) is None:
                one = transfers.stepped(one, event[0], NOW)
                done += {"confirm": "c", "accept": "a", "decline": "d", "cancel": "-"}[event[0]]
            elif before.state in STEPS[event[0]].states:
                assert STEPS[event[0]].side is not event[1], "refused only to the other side"
            if not before.is_running:
                assert one == before, "what has ended stays as it is"
        ends.add(done)
        expected = {"": S.AWAITING_SENDER, "c": S.AWAITING_RECIPIENT}.get(done)
        last = {"a": S.COMPLETED, "d": S.DECLINED, "-": S.CANCELLED, "x": S.EXPIRED}
        assert one.state == (expected or last[done[-1]])
        assert one.is_running == (one.expires_at is not None) == (one.ended_at is None)
        assert one.known_to_recipient == ("c" in done)
    assert ends == {"", "c", "-", "x", "ca", "cd", "c-", "cx"}


def test_trf_3_a_step_that_cannot_be_taken_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no accept"):
        transfers.stepped(transfer(), "accept", NOW)
    with pytest.raises(KeyError):
        transfers.step_refusal(transfer(), "nonsense", Side.SENDER)


EXPIRIES: list[tuple[str, str | None, str]] = [
    ("2026-03-10 12:00:00", None, "2026-03-13 12:00:00"),
    ("2026-03-10 12:00:00", "2026-03-13 11:59:59", "2026-03-16 11:59:59"),
    ("2026-03-28 23:30:00", None, "2026-03-31 23:30:00"),
]


@pytest.mark.parametrize(("pushed", "confirmed", "expires"), EXPIRIES)
def test_trf_3_expiry(pushed: str, confirmed: str | None, expires: str) -> None:
    """TRF-3: 72 hours from the last step, to the second; at that instant it is too late."""
    one = transfer(expires_at=transfers.expires_at(at(pushed)))
    if confirmed is not None:
        assert not transfers.has_expired(one, at(confirmed))
        one = transfers.stepped(one, "confirm", at(confirmed))
    assert one.expires_at == at(expires)
    assert not transfers.has_expired(one, at(expires) - timedelta(microseconds=1))
    assert transfers.has_expired(one, at(expires))
    other = Policy(transfer_lifetime=HOUR)
    assert transfers.expires_at(NOW, other) == NOW + HOUR


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_trf_3_what_has_ended_says_how_and_when() -> None:
    """TRF-3: and what can be done now."""
    for state in set(S) - RUNNING_STATES:
        refusal = whole(transfers.over_refusal(transfer(state=state, expires_at=None, ended_at=NOW)))
        assert refusal.code == "transfer-over" and refusal.related["state"] == state
        assert "2026-03-10 12:00 UTC" in refusal.reason and "web-01" in refusal.reason
    assert transfers.over_refusal(transfer()) is None


@pytest.mark.parametrize(
    ("state", "known", "by", "told"),
    [
        (S.COMPLETED, True, Side.RECIPIENT, {Side.SENDER, Side.RECIPIENT}),
        (S.DECLINED, True, Side.RECIPIENT, {Side.SENDER}),
        (S.CANCELLED, True, Side.SENDER, {Side.RECIPIENT}),
        (S.CANCELLED, False, Side.SENDER, set()),
        (S.EXPIRED, False, None, {Side.SENDER}),
        (S.EXPIRED, True, None, {Side.SENDER, Side.RECIPIENT}),
        (S.CANCELLED, True, None, {Side.SENDER, Side.RECIPIENT}),
        (S.CANCELLED, False, None, {Side.SENDER}),
    ],
)
def test_trf_2_who_is_told(state: TransferState, known: bool, by: Side | None, told: set[Side]) -> None:
    """TRF-2, TRF-6: who was not asked yet learns of nothing."""
    assert set(transfers.told_of_end(transfer(state=state, known_to_recipient=known), by)) == told


# --- beginning one


@pytest.mark.parametrize("typed", ["olena@marsh-hosting.example", "a@b", "@olena", "olena.marsh@"])
def test_trf_1_an_email_gets_the_hint(typed: str) -> None:
    refusal = whole(transfers.email_refusal(typed))
    assert refusal.code == "recipient-is-email" and "login" in refusal.reason and typed not in refusal.reason


def test_trf_1_a_login_is_no_email() -> None:
    assert transfers.email_refusal("olena.marsh") is None


def test_trf_1_a_wrong_pair_is_answered_alike() -> None:
    """The answer takes nothing in, so it can tell nothing."""
    refusal = whole(transfers.wrong_pair_refusal())
    assert (refusal.code, dict(refusal.related), refusal.available_from) == ("recipient-not-found", {}, None)


@pytest.mark.parametrize(
    ("changes", "code", "related"),
    [
        ({"open_invoice_id": "5531"}, "open-invoice", ("invoice_id", "5531")),
        ({"state": "pending", "open_invoice_id": "5531", "created_at": NOW}, "order-pending", ("invoice_id", "5531")),
        ({"state": "blocked", "blocked_at": NOW}, "order-blocked", ("order_id", "12")),
        ({"state": "blocked", "blocked_at": NOW - timedelta(days=7)}, "order-deleted", ("order_id", "12")),
        ({"state": "deleted"}, "order-deleted", ("order_id", "12")),
        ({"state": "cancelled"}, "order-cancelled", ("order_id", "12")),
        ({"transfer_id": "7"}, "in-transfer", ("transfer_id", "7")),
    ],
)
def test_trf_4_what_stands_in_the_way(changes: dict[str, object], code: str, related: tuple[str, str]) -> None:
    """TRF-4: and what it is about, so that the interface can lead there."""
    refusal = whole(transfers.push_refusal(order(**changes), NOW))
    assert refusal.code == code
    assert related in refusal.related.items()


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_trf_4_nothing_stands_in_the_way(state: str) -> None:
    """TRF-4: neither does auto-renewal, or an end that is near."""
    free = order(state=state, auto_renew_on=True, paid_until=NOW + HOUR)
    assert transfers.push_refusal(free, NOW) is None


def test_trf_4_oneself_and_another_currency() -> None:
    assert whole(transfers.self_refusal("204817", "204817")).code == "transfer-to-self"
    assert transfers.self_refusal("204817", "318255") is None
    refusal = whole(transfers.currency_refusal("EUR", "USD"))
    assert (refusal.code, refusal.rule) == ("currency-mismatch", "INV-10")
    assert transfers.currency_refusal("EUR", "EUR") is None


def test_trf_7_several_refused_orders_are_all_named() -> None:
    """TRF-7: at most five by name in the sentence, all of them by id beside it."""
    orders = [order(id=str(number), name=f"web-{number}", transfer_id="1") for number in range(8)]
    refused = [(one, whole(transfers.push_refusal(one, NOW))) for one in orders]
    refusal = whole(transfers.several_refused(refused, 9))
    assert refusal.related["order_ids"].split() == [one.id for one in orders]
    assert refusal.reason.startswith("8 of 9 orders cannot be transferred: “web-0”") and "3 more" in refusal.reason
    assert "more" not in transfers.several_refused(refused[:2], 2).reason


# --- the order


def test_trf_5_what_an_order_keeps() -> None:
    """TRF-5: everything but the lock and auto-renewal."""
    before = order(
        transfer_id="7",
        auto_renew_on=True,
        auto_renew_since=NOW,
        auto_renew_months=3,
        individual_price=True,
        in_use_since=NOW - timedelta(days=900),
        billing_day=31,
    )
    after = transfers.handed_over(before)
    assert (after.transfer_id, after.auto_renew_on, after.auto_renew_since) == (None, False, None)
    assert replace(after, transfer_id="7", auto_renew_on=True, auto_renew_since=NOW) == before


# --- guessing


@given(st.lists(st.integers(0, 7_200), max_size=30), st.integers(0, 7_200))
def test_trf_1_ten_wrong_pairs_an_hour(seconds: list[int], now: int) -> None:
    """TRF-1: ten within the hour before now are too many; it says from when on there are fewer."""
    tries = [NOW + timedelta(seconds=one) for one in seconds]
    present = NOW + timedelta(seconds=now)
    refusal = transfers.pair_limit_refusal(tries, present)
    counted = [one for one in tries if present - HOUR < one <= present]
    assert (refusal is not None) == (len(counted) >= DEFAULT_POLICY.wrong_recipients)
    if refusal is not None:
        free = whole(refusal).available_from
        assert free is not None and present < free <= present + HOUR
        known = [one for one in tries if one <= present]
        assert transfers.pair_limit_refusal(known, free) is None
        assert transfers.pair_limit_refusal(known, free - timedelta(microseconds=1)) is not None


def test_trf_2_wrong_codes_are_limited_for_each_transfer() -> None:
    tries = [NOW + number * timedelta(minutes=1) for number in range(10)]
    refusal = whole(transfers.code_limit_refusal(transfer(), tries, NOW + HOUR - timedelta(seconds=1)))
    assert (refusal.code, refusal.available_from) == ("too-many-wrong-codes", NOW + HOUR)
    assert transfers.code_limit_refusal(transfer(), tries[1:], NOW + HOUR - timedelta(seconds=1)) is None
    assert transfers.code_limit_refusal(transfer(), tries, NOW + HOUR) is None
    assert whole(transfers.wrong_code_refusal(transfer())).code == "wrong-code"
    assert "accepted" in whole(transfers.used_refusal(transfer(), "accept")).reason
