"""The invented fleet: which servers there are, since when, and when their paid periods end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from billtui.domain.periods import add_months
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.wire import micros
from billtui.sandbox.seed import names
from billtui.sandbox.seed.plant import PLAN, Plan, sold_in

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Server:
    """What the seed wants of one server; what is ``None`` is drawn by lot."""

    left: timedelta | None = None
    """To the end of the paid period; negative for one that is over."""
    plan: str | None = None
    location: str | None = None
    name: str | None = None
    months_used: int | None = None
    period: int | None = None
    """What was bought each time, in months."""
    auto: bool | None = None
    auto_months: int | None = None
    price_cents: int | None = None
    """An individual price (DSC-4)."""
    state: str = "active"


@dataclass(frozen=True, slots=True)
class Sown:
    """A server of the seed: its row, and the purchases that led to its paid-until."""

    order: OrderRow
    period: int
    purchases: tuple[Purchase, ...]


@dataclass(frozen=True, slots=True)
class Purchase:
    """One paid period: from ``old_until`` (``None`` for the first) to ``new_until``."""

    months: int
    old_until: datetime | None
    new_until: datetime
    at: datetime


class Sower:
    """Draws servers, deterministically."""

    def __init__(self, random: Random, now: datetime, settled_before: datetime, chain: int) -> None:
        """``settled_before``: what was bought was bought by then. ``chain``: how many purchases of each are told."""
        self._random = random
        self._now = now.replace(microsecond=0)
        self._settled = settled_before.replace(microsecond=0)
        self._chain = chain
        self._namer = names.Namer(random)
        self._addresses: Iterator[str] = names.addresses()
        self._plans = [PLAN["vds-nano"], PLAN["vds-micro"], PLAN["vds-small"], PLAN["vds-medium"], PLAN["vds-large"]]
        self._weights = [14, 30, 28, 18, 10]

    def lot(self) -> Server:
        """A server like most: well before its end; some near it, a few of other kinds."""
        draw = self._random.random()
        days = self._random.uniform(4, 33)
        if draw < 0.25:
            days = self._random.uniform(33, 170)
        elif draw < 0.30:
            days = self._random.uniform(0.2, 3.5)
        server = Server(left=timedelta(seconds=int(days * 86_400)))
        if draw > 0.97:
            return replace(server, plan=self._random.choice(("vds-xlarge", "vds-storage", "ds-e5")))
        return server

    def sow(self, order_id: int, account_id: int, wish: Server) -> Sown:
        """One server with everything drawn."""
        random = self._random
        plan = PLAN[wish.plan] if wish.plan else self._draw_plan()
        location = wish.location or random.choice(sold_in(plan))
        left = wish.left if wish.left is not None else timedelta(days=20)
        end = self._now + left
        period = wish.period or random.choices((1, 3, 6, 12), (70, 15, 8, 7))[0]
        used = wish.months_used or random.choice((1, 2, 4, 5, 7, 9, 13, 16, 20, 26, 31, 38, 44))
        begin = add_months(end, -used)
        while begin > self._settled - DAY:
            used += 1
            begin = add_months(end, -used)
        # The day of the month may have been clamped: what is counted forward is what holds (REN-3).
        end = add_months(begin, used)
        auto = wish.auto if wish.auto is not None else left > 4 * DAY and random.random() < 0.4
        order = OrderRow(
            id=order_id,
            account_id=account_id,
            name=wish.name or self._namer.name(location),
            kind=plan.kind,
            plan=plan.id,
            location=location,
            address=next(self._addresses),
            state=wish.state,
            power="stopped" if wish.state == "suspended" else "running",
            created_at=micros(begin) - random.randint(60, 7_200) * 1_000_000,
            paid_until=micros(end),
            in_use_since=micros(begin),
            billing_day=begin.day,
            monthly_cents=wish.price_cents or plan.cents,
            individual_price=int(wish.price_cents is not None),
            auto_on=int(auto),
            auto_months=wish.auto_months or (period if auto else 1),
            auto_since=micros(begin) if auto else None,
        )
        order.index_text()
        return Sown(order, period, tuple(self._purchases(begin, used, period)))

    def _draw_plan(self) -> Plan:
        return self._random.choices(self._plans, self._weights)[0]

    def _purchases(self, begin: datetime, used: int, period: int) -> list[Purchase]:
        """The last purchases that make up ``used`` months, oldest first."""
        first = used % period or min(period, used)
        steps = [first]
        while sum(steps) < used:
            steps.append(period)
        found: list[Purchase] = []
        months = 0
        for place, step in enumerate(steps):
            months += step
            if len(steps) - place > self._chain:
                continue
            old = None if place == 0 else add_months(begin, months - step)
            new = add_months(begin, months)
            at = begin if old is None else self._bought(begin, old)
            if found:
                at = max(at, found[-1].at + timedelta(minutes=10))
            found.append(Purchase(step, old, new, at))
        return found

    def _bought(self, begin: datetime, old: datetime) -> datetime:
        """Renewals are bought in the forenoon, three days before the end, with others of that day."""
        day = (old - 3 * DAY).replace(hour=9, minute=30, second=0)
        return max(min(day, self._settled), begin + HOUR)


def wishes(count: int, *, hostile: bool) -> list[Server]:
    """The servers of the first client that every fleet begins with: the free ones first, then the interesting ones."""
    special = [
        Server(left=2 * DAY - HOUR, plan="vds-micro", location="nl", auto=False, months_used=7, period=1),
        Server(left=3 * DAY - HOUR, plan="vds-micro", location="de", auto=False, months_used=14, period=1),
        Server(left=5 * DAY, plan="vds-small", location="us-east", auto=False, months_used=2, period=1),
        Server(left=26 * DAY, plan="vds-medium", location="sg", auto=False, months_used=25, period=1),
        Server(left=19 * DAY, plan="vds-micro", location="uk", auto=True, months_used=5, period=1),
        Server(left=64 * DAY, plan="vds-small", location="fr", auto=False, months_used=40, period=3),
        Server(left=HOUR, plan="vds-nano", location="pl", auto=False, months_used=3, period=1),
        Server(left=-2 * DAY, plan="vds-micro", location="ca", auto=False, months_used=9, period=1),
        Server(left=12 * DAY, plan="vds-small", location="nl", auto=False, months_used=19, state="suspended"),
        Server(left=8 * DAY, plan="vds-micro", location="se", auto=False, months_used=6, period=1),
        Server(left=6 * DAY, plan="vds-small", location="de", auto=False, months_used=8, period=1),
        Server(left=9 * DAY, plan="vds-medium", location="us-west", auto=False, months_used=13, period=1),
        Server(left=11 * DAY, plan="vds-nano", location="jp", auto=False, months_used=4, period=1),
        Server(left=13 * DAY, plan="vds-micro", location="fr", auto=False, months_used=15, period=1),
        Server(left=15 * DAY, plan="vds-large", location="de", auto=False, months_used=27, period=1),
        Server(left=36 * HOUR, plan="ds-epyc", location="nl", months_used=10, period=1, auto=True, auto_months=12),
        Server(left=40 * DAY, plan="ds-e5", location="de", auto=False, months_used=18, period=3),
        Server(left=22 * DAY, plan="vds-xlarge", location="us-east", months_used=12, period=1, price_cents=52_00),
        Server(left=17 * DAY, plan="vds-small", location="pl", auto=True, months_used=30, name=names.MILD),
    ]
    if hostile:
        special += [Server(left=20 * DAY, auto=False, name=name) for name in (*names.HOSTILE, *names.SCRIPTS)]
    return special[:count]


# Places in the list above that the cases of the seed speak of.
UNPAID = (9, 10, 11, 12)
COMBINED = (13, 14)
WITH_ADDONS: dict[int, tuple[str, ...]] = {16: ("raid",), 17: ("backup",), 18: ("ipv4",)}
"""Places in the list above, and the add-ons that they got: one dedicated, one at an individual price, one that renews
itself."""
LENT, NEVER_CONFIRMED, NOT_WANTED = 17, 16, 18
"""Places in the list above whose transfers have ended: given away and taken back, expired, declined."""
OFFERED, PUSHED = 16, 18
"""Places in the list above that are on their way to another account: no VDS at a list price among them."""
SCARCE = 6
"""A fleet smaller than this has no cases."""
