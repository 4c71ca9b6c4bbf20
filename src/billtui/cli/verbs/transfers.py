"""``billtui transfers …``: orders to another account and from one (TRF)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from billtui.cli.carrying import busy, carry_out
from billtui.cli.choosing import chosen_orders
from billtui.cli.codes import asked, check_usage, paired, read_links, stdin_lines
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.listing import limited, listed_transfers, transfers_document
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import age, count, day, left, turn_words
from billtui.cli.targets import all_found, transfer_ids
from billtui.cli.transfer_text import (
    bill_json,
    bill_lines,
    facts_of_transfer,
    incoming_json,
    incoming_lines,
    preflight_json,
    preflight_lines,
    told_steps,
    transfer_json,
)
from billtui.domain.models import Account, Transfer, TransferDirection
from billtui.domain.transfer_states import RUNNING_STATES
from billtui.services import planner
from billtui.services.pasted_codes import host_of
from billtui.services.plans import OperationKind, Plan
from billtui.services.session import Session
from billtui.services.store import TransferRow, money
from billtui.services.transfer_preflight import Incoming, accept_preflight, leaving, plan_kinds, push_preflight

K = OperationKind
_COLUMNS = (
    Column("id", right=True),
    Column("order", cut=True),
    Column("plan", cut=True),
    Column("loc"),
    Column("monthly", right=True),
    Column("with", cut=True),
    Column("state"),
    Column("turn", cut=True),
    Column("left", right=True),
)
Step = Callable[..., Plan]


def check_capability(session: Session) -> None:
    """Raises CliError where the panel has no transfers."""
    if why := session.unavailable("transfers"):
        raise CliError("capability-missing", why, Exit.REFUSED)


async def list_all(context: Context) -> Exit:
    """Every transfer, those that go on first, the newest before the older ones."""
    options, out = context.options, context.out
    async with context.reading() as session:
        store, now = session.store, session.now()
        rows = listed_transfers(options, store.transfers())
        synced = store.synced_at()
        if out.as_json:
            out.document("transfers", **transfers_document(options, rows, synced))
            return Exit.DONE
        shown = limited(options, rows)
        out.table(
            _COLUMNS,
            ([*_cells(row), left(row.expires_at, now) if row.expires_at else day(row.ended_at)] for row in shown),
            empty="No transfers. Hand orders over with: billtui transfers push ORDER --to-login LOGIN --to-id ID",
        )
        more = f"; {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
        out.note(f"{count(len(shown), 'transfer')}{more}. As of {age(synced)}.")
    return Exit.DONE


def _cells(row: TransferRow) -> list[str]:
    side = "to" if row.direction == TransferDirection.OUT else "from"
    price = "" if row.price is None else str(money(row.price, row.currency))
    with_whom = f"{side} {row.counterparty}"
    return [row.id, row.order_name, row.plan, row.location, price, with_whom, row.state, turn_words(row)]


async def show(context: Context) -> Exit:
    """One transfer, from the panel, with what it does to the account's bill while it goes on."""
    out = context.out
    async with context.signed_in(fresh=True) as (session, _account):
        check_capability(session)
        [key] = transfer_ids(session.store, [context.options.transfer])
        one = await session.transfer(key)
        about, more = await _effect(session, [one]) if one.state in RUNNING_STATES else ((), {})
        if out.as_json:
            out.document("transfer", transfer=transfer_json(one), **more)
            return Exit.DONE
        out.facts(facts_of_transfer(one))
        for line in about:
            out.line(line)
    return Exit.DONE


async def _effect(session: Session, transfers: Sequence[Transfer]) -> tuple[list[str], dict[str, Any]]:
    """What it does to this account's bill that these are completed."""
    rows, now = session.store.orders(), session.now()
    if all(one.direction == TransferDirection.OUT for one in transfers):
        found = leaving(rows, [str(one.order_id) for one in transfers], now)
        return bill_lines(found), {"bill": bill_json(found)}
    incoming = await _incoming(session, transfers)
    return incoming_lines(incoming), {"bill": incoming_json(incoming)}


async def _incoming(session: Session, transfers: Sequence[Transfer]) -> Incoming:
    kinds = plan_kinds((await session.catalogue()).plans)
    return accept_preflight(session.store.orders(), transfers, kinds, session.now())


# -- the push


async def push(context: Context) -> Exit:
    """Hand orders over: the first of three steps (TRF-1 to TRF-7)."""
    options = context.options
    login, account_id = options.to_login.strip(), options.to_id.strip()
    async with context.signed_in(fresh=True) as (session, account):
        check_capability(session)
        if refusal := planner.recipient_refusal(account, login, account_id):
            words = f"{refusal.reason} Nothing was sent."
            raise CliError(refusal.code, words, Exit.REFUSED, rule=refusal.rule)
        keys = chosen_orders(context, session)
        orders = all_found(keys, await session.orders_by_ids(keys), "order")
        found = push_preflight(session.store.orders(), [str(one.id) for one in orders], session.now())
        plan = planner.push(
            account,
            orders,
            login,
            account_id,
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
        )
        about, more = preflight_lines(found), {"preflight": preflight_json(found)}
        if not plan.operations and not context.out.as_json:
            for line in about:
                context.out.note(line)
        code = await carry_out(context, session, plan, about=about, more=more)
        if code in (Exit.DONE, Exit.PARTLY) and context.job_id is not None:
            _tell_next(context, session, plan, account)
        return code


def _tell_next(context: Context, session: Session, plan: Plan, account: Account) -> None:
    """After a push: the mails are on their way, and this is how they are answered (TRF-2)."""
    ids: list[str] = []
    for row in session.journal.operations(plan.id):
        answer = row.answer or {}
        ids += [str(one.get("id")) for one in answer.get("items", ())] + list(answer.get("transfer_ids", ()))
    if ids:
        context.out.note(
            f"A mail with a code goes to {account.email} for each order. Then: {told_steps(ids, 'confirm')}"
        )


# -- the steps


async def confirm(context: Context) -> Exit:
    """The sender's confirmation."""
    return await _coded(context, K.TRANSFER_CONFIRM, planner.confirm_transfer)


async def accept(context: Context) -> Exit:
    """The recipient's acceptance: the orders move."""
    return await _coded(context, K.TRANSFER_ACCEPT, planner.accept_transfer)


async def decline(context: Context) -> Exit:
    """The recipient's no."""
    return await _plain(context, planner.decline_transfer)


async def cancel(context: Context) -> Exit:
    """The sender's no."""
    return await _plain(context, planner.cancel_transfer)


async def _plain(context: Context, step: Step) -> Exit:
    async with context.signed_in(fresh=True) as (session, account):
        check_capability(session)
        keys = transfer_ids(session.store, context.options.transfer)
        if context.options.whole_push:
            keys = _whole_push(session.store.transfers(), keys)
        transfers = all_found(keys, await session.transfers_by_ids(keys), "transfer")
        return await carry_out(context, session, _planned(context, session, account, transfers, step))


def _whole_push(rows: Sequence[TransferRow], keys: Sequence[str]) -> list[str]:
    """``keys``, and what was pushed together with them and still goes on (TRF-7)."""
    pushes = {row.push_id for row in rows if row.id in keys and row.push_id}
    together = [row.id for row in rows if row.push_id in pushes and row.state in RUNNING_STATES]
    return list(dict.fromkeys([*keys, *together]))


def _planned(context: Context, session: Session, account: Account, transfers: Sequence[Transfer], step: Step) -> Plan:
    return step(account, transfers, busy=busy(session, account), profile=context.profile.name)


async def _coded(context: Context, kind: OperationKind, step: Step) -> Exit:
    options, host = context.options, host_of(context.profile.url)
    check_usage(context, kind)
    given = read_links(kind, host) if options.link_stdin else {}
    lines = stdin_lines("--code-stdin") if options.code_stdin else []
    async with context.signed_in(fresh=True) as (session, account):
        check_capability(session)
        named = transfer_ids(session.store, options.transfer) if options.transfer else []
        keys = named or list(given)
        if given and (missing := [one for one in keys if one not in given] + [one for one in given if one not in keys]):
            words = (
                f"The links and the transfers that were named differ at transfer {missing[0][:80]}; nothing was sent."
            )
            raise CliError("no-code", words, rule="TRF-2")
        if options.code_stdin:
            given = paired(keys, lines, kind, host)
        transfers = all_found(keys, await session.transfers_by_ids(keys), "transfer")
        plan = _planned(context, session, account, transfers, step)
        planned = [plan.operation(number).text("transfer_id") for number in plan.coded]
        going = [one for one in transfers if one.id.raw in planned]
        about, more = await _effect(session, going) if going else ([], {})
        if not given and planned and not options.dry_run:
            given = asked(plan, kind, host)
        codes = {number: given[key] for number, key in zip(plan.coded, planned, strict=True) if key in given}
        code = await carry_out(context, session, plan, about=about, more=more, codes=codes)
        if code is Exit.DONE and kind is K.TRANSFER_CONFIRM and not options.dry_run:
            context.out.note("Now the recipient gets a mail with a code of their own, and accepts. Until then: cancel.")
        return code
