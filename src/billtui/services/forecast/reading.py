"""A forecast from the local copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from billtui.domain.models import Account
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.services.forecast.fleet import Fleet
from billtui.services.forecast.forecast import Forecast, forecast
from billtui.services.forecast.walk import CentsHeld
from billtui.services.store import StoreReader, cents


def held_by(account: Account) -> CentsHeld:
    """What both purses of an account hold (ACC-4)."""
    return CentsHeld(cents(account.balances.internal), cents(account.balances.affiliate))


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
    synced, since = store.synced_at(), now
    if synced is not None:
        since = now - max((clock or datetime.now(UTC)) - synced, timedelta(0))
    fleet = Fleet(store.orders(), store.open_invoices(), account.currency)
    return forecast(fleet, held_by(account), now, days, since=since, zone=zone, policy=policy)
