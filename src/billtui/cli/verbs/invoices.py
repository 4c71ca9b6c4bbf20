"""``billtui invoices …``"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from billtui.cli.carrying import busy, carry_out
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.listing import invoices_document, limited, listed_invoices
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import age, count, day, when
from billtui.cli.targets import all_found, invoice_ids
from billtui.config.paths import typed_path
from billtui.domain.models import Account, Invoice, Order, PaymentMethod
from billtui.domain.rules.promise import promise_deadline
from billtui.services import planner
from billtui.services.plans import Plan
from billtui.services.session import Session
from billtui.services.store import InvoiceRow, money

_COLUMNS = (
    Column("id", right=True),
    Column("number", right=True),
    Column("state"),
    Column("kind"),
    Column("total", right=True),
    Column("issued"),
    Column("due"),
    Column("title", cut=True),
)


async def list_all(context: Context) -> Exit:
    """All invoices that the filters leave."""
    options, out = context.options, context.out
    async with context.reading() as session:
        store = session.store
        rows = listed_invoices(options, store.invoices())
        synced = store.synced_at()
        if out.as_json:
            out.document("invoices", **invoices_document(options, rows, synced))
            return Exit.DONE
        shown = limited(options, rows)
        out.table(_COLUMNS, map(_cells, shown), empty="No invoices.")
        more = f"; {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
        out.note(f"{count(len(shown), 'invoice')}{more}. As of {age(synced)}.")
    return Exit.DONE


def _cells(row: InvoiceRow) -> list[str]:
    total = str(money(row.total, row.currency))
    return [row.id, row.number, row.state, row.kind, total, day(row.issued_at), day(row.due_at), row.title]


async def show(context: Context) -> Exit:
    """One invoice in full."""
    options, out = context.options, context.out
    async with context.reading() as session:
        (key,) = invoice_ids(session.store, [options.invoice])
        methods: list[PaymentMethod] = []
        if options.offline:
            known = session.store.invoice(key)
            if known is None:
                raise CliError("not-found", f"Invoice {key} is not in the copy.", Exit.NOT_FOUND)
            invoice = known
        else:
            invoice = await session.invoice(key)
            if invoice.is_open:
                methods = await session.payment_methods(key)
        if out.as_json:
            out.document("invoice", invoice=invoice, payment_methods=methods)
        else:
            _show(context, invoice, methods)
    return Exit.DONE


def _show(context: Context, invoice: Invoice, methods: Sequence[PaymentMethod]) -> None:
    out = context.out
    facts = [
        ("Invoice", f"{invoice.number} (id {invoice.id})"),
        ("State", str(invoice.state)),
        ("Kind", str(invoice.kind)),
        ("Total", str(invoice.total)),
        ("Issued", when(invoice.issued_at)),
        ("Due", when(invoice.due_at)),
    ]
    if invoice.paid_at is not None:
        facts.append(("Paid", f"{when(invoice.paid_at)} by {invoice.paid_by or '–'}, {invoice.paid_method or '–'}"))
    if invoice.promise_until is not None:
        facts.append(("Promised", f"pay by {when(invoice.promise_until)}"))
    if invoice.combined_into is not None:
        facts.append(("Combined", f"into invoice id {invoice.combined_into}"))
    if invoice.combined_from:
        facts.append(("Combined", f"from ids {', '.join(map(str, invoice.combined_from))}"))
    out.facts(facts)
    out.line()
    columns = (
        Column("what", cut=True),
        Column("months", right=True),
        Column("list price", right=True),
        Column("discounts", cut=True),
        Column("amount", right=True),
    )
    out.table(columns, (_line(line) for line in invoice.lines), empty="Its lines are not in the copy.")
    if methods:
        out.line()
        ways = (Column("way to pay"), Column("available"), Column("why not, or by when", cut=True))
        out.table(ways, (_way(method) for method in methods))


def _line(line: Any) -> list[str]:
    discounts = ", ".join(f"{one.name} {one.percent.normalize():f} %" for one in line.discounts)
    return [str(line.title), str(line.months or ""), str(line.list_price), discounts, str(line.amount)]


def _way(method: PaymentMethod) -> list[str]:
    if method.available:
        return [str(method.method), "yes", f"pay by {when(method.deadline)}" if method.deadline else ""]
    from_when = f" Available from {when(method.available_from)}." if method.available_from else ""
    return [str(method.method), "no", f"{method.reason or ''}{from_when}"]


# -- writes

Planner = Callable[[Session, Account, list[Invoice]], Plan]


async def _write(
    context: Context, references: Sequence[str], make: Planner, notes: dict[str, str] | None = None
) -> Exit:
    async with context.signed_in(fresh=True) as (session, account):
        keys = invoice_ids(session.store, references)
        invoices = all_found(keys, await session.invoices_by_ids(keys), "invoice")
        plan = make(session, account, invoices)
        return await carry_out(context, session, plan, notes=notes)


async def pay(context: Context) -> Exit:
    """Pay from a purse, externally, or by promise."""
    return await _pay(context, context.options.method)


async def promise(context: Context) -> Exit:
    """Promise to pay (PRM)."""
    return await _pay(context, "promise")


async def _pay(context: Context, method: str) -> Exit:
    async with context.signed_in(fresh=True) as (session, account):
        keys = invoice_ids(session.store, context.options.invoice)
        invoices = all_found(keys, await session.invoices_by_ids(keys), "invoice")
        orders: list[Order] = []
        if method == "promise":
            ids = [line.order_id.raw for one in invoices for line in one.lines if line.order_id is not None]
            orders = await session.orders_by_ids(list(dict.fromkeys(ids)))
        plan = planner.pay(
            account,
            invoices,
            method,
            orders=orders,
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
        )
        return await carry_out(context, session, plan, notes=purse_note(account, plan, method, session.now()))


def purse_note(account: Account, plan: Plan, method: str, now: datetime) -> dict[str, str]:
    """What a payment does to its purse, or what a promise means and until when (PRM-3)."""
    if method == "promise":
        return {"Promise": f"pay by {when(promise_deadline(now))}, else the servers are blocked at once (PRM-3)"}
    if method not in ("internal", "affiliate"):
        return {"By": f"{method}; you get an address to pay at"}
    purse = account.balances.internal if method == "internal" else account.balances.affiliate
    return {"From": f"{method} balance: {purse} → {purse - plan.total}"}


async def combine(context: Context) -> Exit:
    """Several unpaid invoices onto one (INV-6)."""
    return await _write(
        context,
        context.options.invoice,
        lambda session, account, invoices: planner.combine(
            account, invoices, busy=busy(session, account), profile=context.profile.name
        ),
    )


async def split(context: Context) -> Exit:
    """Give the originals back (INV-7)."""
    return await _write(
        context,
        [context.options.invoice],
        lambda session, account, invoices: planner.split(
            account, invoices[0], busy=busy(session, account), profile=context.profile.name
        ),
    )


async def delete(context: Context) -> Exit:
    """Delete unpaid invoices (INV-5)."""
    return await _write(
        context,
        context.options.invoice,
        lambda session, account, invoices: planner.delete(
            account, invoices, busy=busy(session, account), profile=context.profile.name
        ),
    )


# -- export


async def export(context: Context) -> Exit:
    """Save as PDF, CSV or JSON (INV-9)."""
    options, out = context.options, context.out
    if options.out and (options.dir or len(options.invoice) > 1):
        raise CliError("usage", "--out is for one invoice; use --dir for several.")
    async with context.signed_in(fresh=True) as (session, _account):
        rows = session.store.invoice_rows(keys := invoice_ids(session.store, options.invoice))
        paths = _paths(context, [rows[key].number for key in keys])
        saved: list[dict[str, Any]] = []
        for key, path in zip(keys, paths, strict=True):
            size = await session.document(key, options.format, path)
            saved.append({"id": key, "number": rows[key].number, "file": str(path), "bytes": size})
            if not out.as_json:
                out.line(f"{path} ({size} bytes)")
        if out.as_json:
            out.document("documents", items=saved)
    return Exit.DONE


def _paths(context: Context, numbers: Sequence[str]) -> list[Path]:
    """Where the files go. Raises CliError before anything is written where one is there already."""
    options = context.options
    folder = typed_path(options.dir or ".")
    if not folder.is_dir():
        raise CliError("no-folder", f"{folder} is not a folder; make it first.")
    paths = [folder / f"invoice-{_file_word(number)}.{options.format}" for number in numbers]
    if options.out:
        paths = [typed_path(options.out)]
    for path in paths:
        if path.exists():
            raise CliError("file-exists", f"{path} is there already; it was not touched.", hint="Use --out FILE.")
    return paths


def _file_word(text: str) -> str:
    """A number from the panel as a part of a file's name."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in text)[:60]
