"""A forecast from the local copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from billtui.domain.models import Account
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.services.forecast.fleet import CentsHeld, Fleet
from billtui.services.forecast.forecast import Forecast, forecast
from billtui.services.store import StoreReader, cents, instant


def held_by(account: Account) -> CentsHeld:
    """What both purses of an account hold (ACC-4)."""
    return CentsHeld(cents(account.balances.internal), cents(account.balances.affiliate), account.affiliate is not None)


def forecast_from(
    store: StoreReader,
    now: datetime,
    days: int,
    *,
    clock: datetime | None = None,
    zone: tzinfo | None = UTC,
    policy: Policy = DEFAULT_POLICY,
) -> Forecast | None:
    """The forecast from all that ``store`` holds; ``None`` before an account is known.

    ``now`` is the panel's time, ``clock`` this computer's (read now if it is not given): with it the age of the copy
    becomes an instant of the panel, from which on time has not been applied to the rows yet.
    """
    account = store.account()
    if account is None:
        return None
    since = _true_at(store, now, clock)
    invoices = store.open_invoices()
    fleet = store.of_orders(lambda orders: Fleet(orders, invoices, account.currency))
    return forecast(fleet, held_by(account), now, days, since=since, zone=zone, policy=policy)


def forecast_near(
    store: StoreReader, now: datetime, days: int, most: int, *, policy: Policy = DEFAULT_POLICY
) -> Forecast | None:
    """The same from the ``most`` orders that end soonest, as far as those reach: see ``until`` of the answer.

    Quick however many orders there are. What ends later than it reaches cannot change it; the count discounts go by
    all that run (DSC-5).
    """
    account = store.account()
    if account is None:
        return None
    last = now + timedelta(days=days) + policy.auto_renew_lead
    rows = store.ending_until(int(last.timestamp()), most)
    known_until = None
    if len(rows) == most and (end := rows[-1].paid_until) is not None:
        known_until = instant(end) - policy.auto_renew_lead
    rows += store.in_state("pending", most)
    fleet = Fleet(rows, store.open_invoices(), account.currency, store.running_by_kind())
    since = _true_at(store, now, None)
    return forecast(fleet, held_by(account), now, days, since=since, known_until=known_until, policy=policy)


def _true_at(store: StoreReader, now: datetime, clock: datetime | None) -> datetime:
    """At which instant of the panel the rows were true."""
    synced = store.synced_at()
    return now if synced is None else now - max((clock or datetime.now(UTC)) - synced, timedelta(0))
