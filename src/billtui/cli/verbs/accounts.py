"""``billtui accounts``: all profiles in one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.household import open_desk, told_together
from billtui.cli.output import Column
from billtui.cli.problems import CliError, Problem
from billtui.cli.shapes import DAY, age, amount, iso, iso_of, left
from billtui.services.accounts import AccountLine, AccountRow, AccountState, Kind
from billtui.services.accounts.copies import owing_words
from billtui.services.store import money

_ACCOUNTS = (
    Column("profile"),
    Column("login"),
    Column("id"),
    Column("panel", cut=True),
    Column("unpaid"),
    Column("data"),
    Column("notes", cut=True),
)
_ROWS = (
    Column("when"),
    Column("profile"),
    Column("login"),
    Column("id"),
    Column("what", cut=True),
    Column("amount", right=True),
    Column("state"),
    Column("auto"),
    Column("reference"),
)
_FAR = 2**62
_SORTS: dict[str, Callable[[AccountRow], Any]] = {
    "when": lambda row: row.at if row.at is not None else _FAR,
    "profile": lambda row: row.profile,
    "amount": lambda row: -row.amount,
    "name": lambda row: row.title.casefold(),
}


async def show(context: Context) -> Exit:
    """All accounts from their copies, caught up first unless ``--offline``."""
    options, out = context.options, context.out
    desk = open_desk(context)
    try:
        if not options.offline:
            await desk.refresh()
        lines, now = desk.lines, desk.now
        rows = _chosen(desk.rows(), options, now)
        if out.as_json:
            out.document("accounts", accounts=list(map(_line_json, lines)), items=list(map(_row_json, rows)))
        else:
            out.table(_ACCOUNTS, map(_line_cells, lines))
            out.line()
            out.table(_ROWS, (_row_cells(row, now(row.profile)) for row in rows), empty="Nothing is due.")
        return _end(context, lines)
    finally:
        await desk.close()


def _chosen(rows: list[AccountRow], options: Any, now: Callable[[str], Any]) -> list[AccountRow]:
    if options.kind:
        rows = [row for row in rows if row.kind == options.kind]
    if options.expires_within is not None:
        rows = [
            row
            for row in rows
            if row.kind is not Kind.ORDER
            or (row.at is not None and row.at <= int(now(row.profile).timestamp()) + options.expires_within * DAY)
        ]
    rows.sort(key=_SORTS[options.sort or "when"])
    return rows[: options.limit] if options.limit else rows


def _end(context: Context, lines: list[AccountLine]) -> Exit:
    """0 where every account was asked; 7 where some could not be, 3 or 10 where none could."""
    if context.options.offline:
        if not any(line.copy.known for line in lines):
            raise CliError("no-copy", "There is no local copy yet: leave --offline away once.", Exit.NOT_FOUND)
        return Exit.DONE
    asked = [line for line in lines if not line.same_as]
    failed = [line for line in asked if line.state is not AccountState.FRESH]
    if not failed:
        return Exit.DONE
    code = Exit.PARTLY
    if len(failed) == len(asked):
        code = Exit.SIGN_IN if all(line.state.needs_somebody for line in failed) else Exit.NETWORK
    words = told_together((line.profile.name, line.message) for line in failed)
    context.out.problem(Problem("not-all-accounts", f"Not asked: {words}", code, None, code is Exit.NETWORK))
    return code


def _line_cells(line: AccountLine) -> list[str]:
    copy, profile = line.copy, line.profile
    notes = ["read-only"] if profile.read_only else []
    if copy.is_staff:
        notes.append(f"a {copy.role} account, without a bill of its own")
    if line.same_as:
        notes.append(f"the same account as {line.same_as}")
    if line.message:
        notes.append(line.message)
    if copy.not_listed:
        notes.append(f"{copy.not_listed} more orders end, see: billtui orders list --profile {profile.name}")
    unpaid = owing_words(copy.owing) if copy.known else "not known"
    where = copy.panel_name or profile.host
    who = copy.login or profile.login or "–"
    return [profile.name, who, copy.account_id or "–", where, unpaid, age(copy.synced_at), "; ".join(notes)]


def _row_cells(row: AccountRow, now: Any) -> list[str]:
    per = "/mo" if row.kind is Kind.ORDER else ""
    what = f"invoice {row.title}" if row.kind is Kind.INVOICE else row.title
    auto = ("on" if row.auto else "off") if row.kind is Kind.ORDER else ""
    price = f"{money(row.amount, row.currency)}{per}"
    when = left(row.at, now)
    if row.kind is Kind.INVOICE:
        when = when.replace("ended", "due")
    reference = f"{row.profile}:id:{row.id}"  # an id may be another one's number
    return [when, row.profile, row.login, row.account_id, what, price, row.state, auto, reference]


def _line_json(line: AccountLine) -> dict[str, Any]:
    copy, profile = line.copy, line.profile
    return {
        "profile": profile.name,
        "url": profile.url,
        "login": copy.login or profile.login,
        "account_id": copy.account_id or None,
        "panel": copy.panel_name or None,
        "role": copy.role,
        "read_only": profile.read_only,
        "state": str(line.state),
        "message": line.message or None,
        "same_as": line.same_as or None,
        "synced_at": iso_of(copy.synced_at),
        "balances": {"internal": amount(copy.internal), "affiliate": amount(copy.affiliate)},
        "unpaid": [{"count": one.number, "total": amount(one.total)} for one in copy.owing],
        "ending": copy.ending,
        "ending_not_listed": copy.not_listed,
    }


def _row_json(row: AccountRow) -> dict[str, Any]:
    return {
        "profile": row.profile,
        "login": row.login,
        "account_id": row.account_id,
        "kind": str(row.kind),
        "id": row.id,
        "title": row.title,
        "detail": row.detail,
        "state": row.state,
        "at": iso(row.at),
        "amount": amount(money(row.amount, row.currency)),
        "auto_renew": row.auto if row.kind is Kind.ORDER else None,
        "refusal": row.refusal or None,
    }
