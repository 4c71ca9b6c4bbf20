"""``billtui balance …``"""

from __future__ import annotations

from billtui.cli.carrying import busy, carry_out
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.money_text import typed_money
from billtui.cli.output import Column
from billtui.cli.shapes import amount, when
from billtui.domain.models import LedgerLine
from billtui.services import planner

PAGE = 200
DEFAULT_LINES = 50


async def show(context: Context) -> Exit:
    """Both purses; never added together (ACC-4)."""
    out = context.out
    async with context.signed_in() as (_session, account):
        balances = account.balances
        if out.as_json:
            out.document(
                "balance",
                internal=amount(account.internal),
                affiliate=amount(account.affiliate),
                currency=account.currency if account.purses else None,
                **({"credit": amount(balances.credit)} if balances.credit is not None else {}),
            )
        elif not account.purses:
            out.line(f"{account.login} ({account.role}) has no balance on this panel: there is no money to show.")
        else:
            credit = [("Credit", f"{balances.credit}, lent by the provider")] if balances.credit is not None else []
            out.facts([*((name.capitalize(), str(held)) for name, held in account.purses.items()), *credit])
    return Exit.DONE


async def top_up(context: Context) -> Exit:
    """Top the internal balance up (INV-13)."""
    options = context.options
    async with context.signed_in() as (session, account):
        money = typed_money(options.amount, account.currency, "AMOUNT")
        plan = planner.top_up(account, money, options.method, busy=busy(session, account), profile=context.profile.name)
        return await carry_out(context, session, plan, notes={"By": f"{options.method}; you get an address to pay at"})


async def move(context: Context) -> Exit:
    """From the affiliate to the internal balance (ACC-4)."""
    async with context.signed_in() as (session, account):
        money = typed_money(context.options.amount, account.currency, "AMOUNT")
        plan = planner.move(account, money, busy=busy(session, account), profile=context.profile.name)
        purse = account.balances.affiliate
        return await carry_out(
            context, session, plan, notes={"From": f"affiliate balance: {purse} → {purse - plan.total}"}
        )


async def ledger(context: Context) -> Exit:
    """Movements, the newest first."""
    out = context.out
    wanted = context.options.limit or DEFAULT_LINES
    lines: list[LedgerLine] = []
    async with context.signed_in() as (session, _account):
        cursor: str | None = None
        while len(lines) < wanted:
            page = await session.ledger(limit=min(PAGE, wanted - len(lines)), cursor=cursor)
            lines += page.items
            cursor = page.next_cursor
            if not page.items or cursor is None:
                break
    lines = lines[:wanted]
    if out.as_json:
        out.document("ledger", items=lines)
        return Exit.DONE
    columns = (
        Column("at"),
        Column("purse"),
        Column("amount", right=True),
        Column("what"),
        Column("invoice", right=True),
        Column("note", cut=True),
    )
    out.table(
        columns,
        (
            [when(one.at), str(one.purse), str(one.amount), str(one.kind), str(one.invoice_id or ""), str(one.note)]
            for one in lines
        ),
        empty="No movements.",
    )
    return Exit.DONE
