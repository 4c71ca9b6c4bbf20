"""``billtui accounts pay`` and ``renew``: a plan for each of several accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from billtui.cli.carrying import exit_of, wait_for_job
from billtui.cli.confirming import Limit, ask, check_unasked
from billtui.cli.context import Context
from billtui.cli.exits import Exit, exit_of_left_out
from billtui.cli.household import open_desk, told_together
from billtui.cli.plan_text import job_json, left_out_json, plan_json, plan_lines, show_job, show_left_out
from billtui.cli.problems import CliError, Problem
from billtui.cli.secrets import can_ask
from billtui.cli.shapes import DAY, count
from billtui.cli.targets import invoice_ids, order_ids
from billtui.cli.verbs.orders import check_period
from billtui.services.accounts import AccountsDesk, AccountState, Kind
from billtui.services.accounts.bulk import AccountPlan, plan_payments, plan_renewals, submit_all
from billtui.services.accounts.files import write_plans

EVERY = 1_000_000
"""No list is cut where it says what is bought."""


async def pay(context: Context) -> Exit:
    """Pay on several accounts."""
    method = context.options.method
    return await _write(
        context, Kind.INVOICE, bool(context.options.unpaid), lambda desk, ids: plan_payments(desk, ids, method)
    )


async def renew(context: Context) -> Exit:
    """Renew on several accounts."""
    options = context.options
    check_period(options.period)
    return await _write(
        context,
        Kind.ORDER,
        options.expires_within is not None,
        lambda desk, ids: plan_renewals(desk, ids, options.period, options.pay),
    )


async def _write(context: Context, kind: Kind, by_list: bool, make: Callable[..., Any]) -> Exit:
    options = context.options
    if by_list == bool(options.thing):
        flag = "--unpaid" if kind is Kind.INVOICE else "--expires-within DAYS"
        raise CliError("usage", f"Name PROFILE:ID, or say {flag}.", hint="See: billtui accounts --help")
    wanted = _references(options.thing)
    if wanted:
        options.only = list(wanted)
    desk = open_desk(context)
    try:
        await desk.refresh()
        ids, troubles = _ids(desk, kind, wanted) if wanted else (_listed(desk, kind, options), _not_read(desk))
        for line in desk.lines:
            if not wanted and line.profile.read_only and not line.same_as:
                context.out.note(f"{line.profile.name} is read-only: nothing of it is touched.")
        plans = [*troubles, *await make(desk, ids)]
        return await _carry_out(context, desk, plans)
    finally:
        await desk.close()


def _references(things: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for thing in things:
        profile, colon, reference = thing.partition(":")
        if not colon or not profile or not reference:
            raise CliError("usage", f"“{thing[:60]}” is not PROFILE:ID.", hint="See: billtui accounts")
        found.setdefault(profile, []).append(reference)
    return found


def _ids(
    desk: AccountsDesk, kind: Kind, wanted: dict[str, list[str]]
) -> tuple[dict[str, list[str]], list[AccountPlan]]:
    """What was named, on each account by itself; an account that cannot be read is told and left out.

    One account under two names would get two plans, each made as if the other were not there: that is refused.
    """
    ids: dict[str, list[str]] = {}
    for line in desk.lines:
        name = line.profile.name
        if line.same_as:
            words = f"{name} is the same account as {line.same_as}: name everything of it by one of them."
            raise CliError("usage", f"{words} Nothing was sent.", hint=f"{line.same_as}:{wanted[name][0][:60]}")
        session = desk.known_session(name)
        if line.state is AccountState.FRESH and session is not None:
            resolve = invoice_ids if kind is Kind.INVOICE else order_ids
            ids[name] = resolve(session.store, wanted[name])
    return ids, _not_read(desk)


def _listed(desk: AccountsDesk, kind: Kind, options: Any) -> dict[str, list[str]]:
    """Everything of the list: of several profiles of one account only the one that stands for it."""
    ids: dict[str, list[str]] = {}
    for line in desk.lines:
        name = line.profile.name
        session = desk.known_session(name)
        if session is None or line.same_as or line.state is not AccountState.FRESH or session.read_only:
            continue
        if line.copy.is_staff:
            continue  # what it sees is everybody's
        if kind is Kind.INVOICE:
            own = [row.id for row in session.store.open_invoices()]
        else:
            last = int(desk.now(name).timestamp()) + options.expires_within * DAY
            ending = session.store.brief_ending_until(last, EVERY)
            own = [row.id for row in ending if row.unpaid_invoice_id is None and row.transfer_id is None]
        if own:
            ids[name] = own
    return ids


def _not_read(desk: AccountsDesk) -> list[AccountPlan]:
    return [
        AccountPlan(
            line.profile,
            line.copy.login or line.profile.login,
            line.copy.account_id,
            trouble=line.message,
            unread=line.state,
        )
        for line in desk.lines
        if line.state is not AccountState.FRESH and not line.same_as
    ]


async def _carry_out(context: Context, desk: AccountsDesk, plans: list[AccountPlan]) -> Exit:
    """Show every plan, ask for each account, then carry them out one after the other."""
    options, out = context.options, context.out
    for one in plans:
        _show(context, one)
    ready = [one for one in plans if one.can_be_done]
    if options.dry_run:
        return _tell(context, plans, {}, dry_run=True)
    if not ready:
        return _tell(context, plans, {})
    if options.plan_out:
        files = write_plans(options.plan_out, ready, force=options.force)
        for path in files:
            out.note(f"Written to {path}; nothing was sent.")
        return _tell(context, plans, {}, dry_run=True, files=[str(path) for path in files])
    agreed = _agreed(context, ready)
    ended: dict[str, tuple[Exit, dict[str, Any]]] = {}
    for job in await submit_all(desk, agreed):
        name = job.profile.name
        session = desk.known_session(name)
        if job.job_id is None or session is None:
            out.note(f"{name}: {job.trouble}")
            ended[name] = Exit.REFUSED, {"trouble": job.trouble}
            continue
        row = await wait_for_job(context, session, job.job_id)
        operations = session.journal.operations(row.id)
        if not out.as_json:
            out.line(f"{name}: {job.plan.login}, ID {job.plan.account_id}")
            show_job(out, row, operations)
        ended[name] = exit_of(row, operations, len(job.plan.left_out)), {"job": job_json(row, operations)}
    return _tell(context, plans, ended)


def _show(context: Context, one: AccountPlan) -> None:
    out = context.out
    read_only = " READ-ONLY" if one.profile.read_only else ""
    out.note(f"— {one.profile.name}{read_only}: {one.login or '–'}, ID {one.account_id or '–'}, {one.profile.url}")
    if one.plan is None or not one.plan.operations:
        out.note(f"  Not done: {one.trouble}")
        return
    for line in plan_lines(one.plan):
        out.note(f"  {line}")
    if one.purse:
        out.note(f"  From     {one.purse}")
    for line in one.ways:
        out.note(f"  {line}")
    show_left_out(out, one.plan.left_out)


def _agreed(context: Context, ready: list[AccountPlan]) -> list[AccountPlan]:
    """Those that are confirmed, each by itself. With ``--yes`` one that is above its limit stops all, unsent."""
    options = context.options
    agreed: list[AccountPlan] = []
    for one in ready:
        assert one.plan is not None
        limit = Limit.of(one.profile, context.settings)
        total, steps = one.plan.total, one.plan.item_count
        try:
            if options.yes:
                check_unasked(total, steps, limit, options.max_total)
            else:
                context.out.note(f"{one.profile.name} ({one.login}, ID {one.account_id}):")
                ask(total, steps, limit, options.max_total)
        except CliError as error:
            if options.yes or not can_ask() or error.problem.code != "not-confirmed":
                detail = f"{one.profile.name}: {error.problem.detail}"
                raise CliError(error.problem.code, detail, hint=str(error.problem.more.get("hint", ""))) from None
            context.out.note(f"{one.profile.name}: left out.")
        else:
            agreed.append(one)
    if not agreed:
        raise CliError("not-confirmed", "Not confirmed; nothing was sent.")
    return agreed


def _tell(
    context: Context,
    plans: list[AccountPlan],
    ended: dict[str, tuple[Exit, dict[str, Any]]],
    *,
    dry_run: bool = False,
    files: list[str] | None = None,
) -> Exit:
    """One result for each account, and one exit code over all of them."""
    out = context.out
    codes: list[Exit] = []
    items: list[dict[str, Any]] = []
    for one in plans:
        if one.profile.name in ended:
            code, body = ended[one.profile.name]
        elif one.can_be_done:
            code, body = Exit.DONE if dry_run else Exit.USAGE, {}
        else:
            code, body = _code_of_trouble(one), {"trouble": one.trouble}
        codes.append(code)
        items.append(
            {
                "profile": one.profile.name,
                "login": one.login,
                "account_id": one.account_id,
                "exit": int(code),
                "plan": plan_json(one.plan) if one.plan is not None else None,
                "left_out": left_out_json(one.plan.left_out) if one.plan is not None else [],
                **body,
            }
        )
    if out.as_json:
        more = {} if files is None else {"plan_files": files}
        out.document("account-jobs", dry_run=dry_run, items=items, **more)
    elif dry_run and files is None:
        out.line("Dry run: nothing was sent.")
    code = _overall(codes)
    if code is not Exit.DONE:
        words = told_together(
            (item["profile"], item.get("trouble") or _said(Exit(item["exit"]))) for item in items if item["exit"]
        )
        done = sum(1 for one in codes if one is Exit.DONE)
        detail = f"{count(done, 'account')} done, {len(codes) - done} not. {words}"
        out.problem(Problem("not-all-accounts", detail, code))
    return code


def _said(code: Exit) -> str:
    from billtui.cli.exits import MEANINGS

    return MEANINGS[code]


def _code_of_trouble(one: AccountPlan) -> Exit:
    if one.plan is not None and one.plan.left_out:
        return exit_of_left_out(str(left_out.code) for left_out in one.plan.left_out)
    if one.unread is not None:
        return Exit.SIGN_IN if one.unread.needs_somebody else Exit.NETWORK
    return Exit.REFUSED


def _overall(codes: list[Exit]) -> Exit:
    """An unknown outcome outweighs all; the same end everywhere is that end; else it is partly done."""
    found = set(codes)
    if Exit.UNKNOWN in found:
        return Exit.UNKNOWN
    if len(found) == 1:
        return codes[0]
    if found <= {Exit.SIGN_IN, Exit.NETWORK}:
        return Exit.NETWORK
    return Exit.PARTLY if found & {Exit.DONE, Exit.PARTLY} else Exit.REFUSED
