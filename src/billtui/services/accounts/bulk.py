"""One plan for each account: what was chosen on several is planned, confirmed, journalled and done one by one.

No plan holds anything of two accounts. Each is made, submitted and followed through its own session; what one account
refuses, or that it cannot sign in, is said on its own line and stops no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from billtui.config.profiles import Profile
from billtui.domain.models import Account, Order
from billtui.services import planner
from billtui.services.accounts.desk import TROUBLES, AccountsDesk, AccountState
from billtui.services.journal import JobRow, JobState, OperationState
from billtui.services.panel_ways import ways_of
from billtui.services.plans import Plan, PlanError
from billtui.services.session_thread import SessionClosed

if TYPE_CHECKING:
    from billtui.config.settings import Settings
    from billtui.services.accounts.copies import AccountRow, Kind
    from billtui.services.session import Session

LOOK_SECONDS: Final = 0.5
READ_ONLY: Final = "This profile is read-only; nothing is changed through it."
PLANNING = (*TROUBLES, SessionClosed, PlanError)


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """What would be done for one account, or why nothing is."""

    profile: Profile
    login: str
    account_id: str
    plan: Plan | None = None
    trouble: str = ""
    unread: AccountState | None = None
    """How the account stood that could not be read."""
    purse: str = ""
    """``internal balance: 100.00 EUR → 55.00 EUR``"""
    ways: tuple[str, ...] = ()
    """What the plan means on this kind of panel, a sentence each."""

    @property
    def can_be_done(self) -> bool:
        """Whether there is something to confirm."""
        return self.plan is not None and bool(self.plan.operations)

    def needs_typing(self, settings: Settings) -> bool:
        """Whether this account's total has to be typed: above its profile's own limit, by amount or by count."""
        if self.plan is None:
            return False
        total, items = limits(self.profile, settings)
        return self.plan.total.amount > total or self.plan.item_count > items


def limits(profile: Profile, settings: Settings) -> tuple[Decimal, int]:
    """The amount and the count above which a total is typed: the profile's own, else the program's."""
    total = settings.confirm_limit if profile.confirm_limit is None else profile.confirm_limit
    return total, settings.confirm_items if profile.confirm_items is None else profile.confirm_items


@dataclass(frozen=True, slots=True)
class AccountJob:
    """What became of one account's plan: its job, or why there is none."""

    profile: Profile
    plan: Plan
    job_id: str | None
    trouble: str = ""


def by_profile(rows: Iterable[AccountRow], kind: Kind) -> dict[str, list[str]]:
    """Ids of one kind by profile, in the order of the list."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.kind is kind:
            found.setdefault(row.profile, []).append(row.id)
    return found


async def plan_payments(desk: AccountsDesk, ids: Mapping[str, Sequence[str]], method: str) -> list[AccountPlan]:
    """A plan for each profile that pays its chosen invoices by ``method`` (INV-3, ACC-4)."""

    async def make(session: Session, account: Account, profile: Profile, chosen: Sequence[str]) -> Plan:
        invoices = await session.invoices_by_ids(chosen)
        orders: list[Order] = []
        if method == "promise":
            lines = [line.order_id.raw for one in invoices for line in one.lines if line.order_id is not None]
            orders = await session.orders_by_ids(list(dict.fromkeys(lines)))
        return planner.pay(
            account,
            invoices,
            method,
            orders=orders,
            now=session.now(),
            busy=session.journal.open_targets(account.panel_id.raw, account.account_id.raw),
            profile=profile.name,
        )

    return await _plans(desk, ids, make, method)


async def plan_renewals(
    desk: AccountsDesk, ids: Mapping[str, Sequence[str]], period: int, then: str | None
) -> list[AccountPlan]:
    """A plan for each profile that renews its chosen orders; ``then`` pays each invoice at once (BLK-4, BLK-7).

    Buying and paying are one thing: an invoice that cannot be paid now is not issued unasked (ACC-4).
    """

    async def make(session: Session, account: Account, profile: Profile, chosen: Sequence[str]) -> Plan:
        orders = await session.orders_by_ids(chosen)
        offer = await session.offer_renewal([one.id.raw for one in orders], period)
        plan = planner.renew_many(
            account,
            offer.quotes,
            offer.requests,
            orders,
            then,
            now=session.now(),
            busy=session.journal.open_targets(account.panel_id.raw, account.account_id.raw),
            profile=profile.name,
            together=session.traits.renews_together,
            in_turn=session.traits.one_basket,
        )
        refused = tuple(one for one in plan.left_out if one.target == "invoice")
        return plan.model_copy(update={"operations": (), "left_out": refused}) if then and refused else plan

    return await _plans(desk, ids, make, then)


Make = Callable[["Session", Account, Profile, Sequence[str]], Awaitable[Plan]]


async def _plans(
    desk: AccountsDesk, ids: Mapping[str, Sequence[str]], make: Make, method: str | None
) -> list[AccountPlan]:
    return list(await asyncio.gather(*(_plan(desk, name, chosen, make, method) for name, chosen in ids.items())))


async def _plan(desk: AccountsDesk, name: str, chosen: Sequence[str], make: Make, method: str | None) -> AccountPlan:
    copy = desk.line(name).copy
    profile = copy.profile
    refused = AccountPlan(profile, copy.login, copy.account_id)
    try:
        session = await desk.session(name)
        if session.read_only:
            return AccountPlan(profile, copy.login, copy.account_id, trouble=READ_ONLY)
        account = await session.connect()
        if (account.panel_id.raw, str(account.account_id)) != (copy.panel_id, copy.account_id):
            return AccountPlan(
                profile, copy.login, copy.account_id,
                trouble=f"It is signed in as {account.login} (ID {account.account_id}) now. Refresh and choose anew.",
            )  # fmt: skip
        plan = await make(session, account, profile, chosen)
    except PLANNING as error:
        return AccountPlan(profile, refused.login, refused.account_id, trouble=str(error))
    if not plan.operations:
        return AccountPlan(profile, copy.login, copy.account_id, plan, _why_nothing(plan))
    ways = tuple(ways_of(session.traits, plan, ahead=session.paid_ahead()))
    return AccountPlan(profile, copy.login, copy.account_id, plan, purse=_purse(account, plan, method), ways=ways)


def _why_nothing(plan: Plan) -> str:
    if not plan.left_out:
        return "There is nothing to do here any more."
    first = plan.left_out[0]
    more = f" (and {len(plan.left_out) - 1} more)" if len(plan.left_out) > 1 else ""
    return f"{first.title}: {first.reason}{more}"


def _purse(account: Account, plan: Plan, method: str | None) -> str:
    if method not in ("internal", "affiliate"):
        return ""
    purse = account.balances.internal if method == "internal" else account.balances.affiliate
    return f"{method} balance: {purse} → {purse - plan.total}"


async def submit_all(desk: AccountsDesk, plans: Iterable[AccountPlan]) -> list[AccountJob]:
    """Journal each confirmed plan through its own session. One that is refused there stops no other."""
    found: list[AccountJob] = []
    for one in plans:
        if one.plan is None or not one.plan.operations:
            continue
        try:
            session = await desk.session(one.profile.name)
            await session.connect()
            job_id = await asyncio.to_thread(session.submit, one.plan)
        except PLANNING as error:
            found.append(AccountJob(one.profile, one.plan, None, f"Nothing was sent. {error}"))
        else:
            desk.follow(one.profile.name, job_id)
            found.append(AccountJob(one.profile, one.plan, job_id))
    return found


async def follow(desk: AccountsDesk, job: AccountJob, tell: Callable[[JobRow], None]) -> JobRow | None:
    """Wait until one account's job rests; ``tell`` hears how far it is. ``None`` where its session has ended."""
    if job.job_id is None:
        return None
    session = desk.known_session(job.profile.name)
    while session is not None and not session.closed:
        try:
            row = await asyncio.to_thread(session.executor.wait, job.job_id, LOOK_SECONDS)
        except SessionClosed:
            return None
        tell(row)
        if rests(row):
            desk.read_again(job.profile.name)
            return row
    return None


def rests(row: JobRow) -> bool:
    """Whether nothing of the job moves by itself any more."""
    if row.state in (JobState.FINISHED, JobState.NEEDS_YOU):
        return True
    return row.paused is not None and not row.counts.get(OperationState.SENDING)
