"""What can be done to invoices besides paying: combine, split, delete, export."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from billtui.config.paths import typed_path
from billtui.domain.models import Invoice
from billtui.screens.explaining import invoice_explained
from billtui.screens.flows import busy_targets, confirm_and_submit, signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog, MessageDialog
from billtui.screens.modals.dialog import Fact
from billtui.screens.modals.prompt import Prompt
from billtui.services import planner

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

FORMATS = (
    Choice("pdf", "PDF", "To print, or to send to an accountant"),
    Choice("csv", "CSV", "Its lines, for a spreadsheet"),
    Choice("json", "JSON", "Everything, for a program"),
)


async def _invoices(app: Shell, ids: Sequence[str]) -> list[Invoice]:
    invoices = await app.session.invoices_by_ids(ids)
    if not invoices:
        app.say("These invoices are not there any more; press r to refresh.", "warning")
    return invoices


async def combine_invoices(app: Shell, ids: Sequence[str]) -> None:
    """Put unpaid invoices onto one (INV-6); held back for the undo window."""
    account = signed_in_account(app)
    invoices = await _invoices(app, ids)
    if not invoices:
        return
    plan = planner.combine(account, invoices, busy=busy_targets(app), profile=app.profile.name)
    numbers = ", ".join(str(one.number) for one in invoices[:6]) + (" …" if len(invoices) > 6 else "")
    note = (
        f"Invoices {numbers} become one; each line keeps its amount, nothing is priced anew, ends do not change. "
        "Split (X) gives the originals back while it is unpaid."
    )
    total = sum((one.total.amount for one in invoices), start=invoices[0].total.amount * 0)
    facts = [
        Fact("Together", f"{total} {invoices[0].total.currency}", strong=True),
        Fact("Invoices", str(len(invoices))),
    ]
    await confirm_and_submit(app, plan, button="Combine", facts=facts, note=note, hold=True)


async def split_invoice(app: Shell, invoice_id: str) -> None:
    """Give back exactly what was combined (INV-7)."""
    account = signed_in_account(app)
    invoices = await _invoices(app, [invoice_id])
    if not invoices:
        return
    plan = planner.split(account, invoices[0], busy=busy_targets(app), profile=app.profile.name)
    count = len(invoices[0].combined_from)
    await confirm_and_submit(
        app, plan, button="Split", note=f"Gives back the {count} invoices it was made of.", hold=True
    )


async def delete_invoices(
    app: Shell, ids: Sequence[str], *, at_once: bool = False, renewing: Collection[str] = ()
) -> str | None:
    """Delete unpaid invoices (INV-5); held back for the undo window, or ``at_once`` where something waits for it.

    ``renewing``: the orders that are renewed in place of it; that it bills others as well is said.
    Gives the id of the job, or ``None`` where nothing is deleted.
    """
    account = signed_in_account(app)
    invoices = await _invoices(app, ids)
    if not invoices:
        return None
    plan = planner.delete(account, invoices, busy=busy_targets(app), profile=app.profile.name)
    new_orders = [one for one in invoices if str(one.kind) in ("new-order", "mixed")]
    note = "Their orders can be renewed again. A deleted invoice keeps its number and stays findable."
    if new_orders:
        which = "This invoice is" if len(invoices) == 1 else f"{len(new_orders)} of the {len(invoices)} invoices are"
        note = f"{which} for new orders: deleting cancels those pending orders. {note}"
    if at_once:
        note = f"Sent at once, and the price is taken anew: it cannot be taken back. {note}"
        billed = {line.order_id.raw for one in invoices for line in one.lines if line.order_id is not None}
        if others := len(billed.difference(renewing)):
            bills = "It also bills 1 order that is" if others == 1 else f"It also bills {others} orders that are"
            note = f"{bills} not in this renewal: nothing renews that then. {note}"
    return await confirm_and_submit(
        app, plan, button="Delete", danger=True, note=note, hold=not at_once, keep_marks=at_once
    )


async def export_invoices(app: Shell, ids: Sequence[str]) -> None:
    """Save invoices as files (INV-9); an existing file is never overwritten."""
    invoices = await _invoices(app, ids)
    if not invoices:
        return
    document_format = await app.push_screen_wait(ChoiceDialog("Export", FORMATS))
    if document_format is None:
        return

    def check(text: str) -> str | None:
        folder = _folder(text)
        if os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for some names
            return None
        return f"{folder} is not a folder; make it first, or type another."

    folder_text = await app.push_screen_wait(
        Prompt("Export", label="Into which folder?", value=".", button="Save", check=check)
    )
    if folder_text is None:
        return
    folder = _folder(folder_text)
    written = []
    for invoice in invoices:
        path = free_path(folder, f"invoice-{_file_word(str(invoice.number))}", document_format)
        await app.session.document(invoice.id.raw, document_format, path)
        written.append(path)
    app.say(f"Saved {written[0]}" if len(written) == 1 else f"Saved {len(written)} files in {folder}")


def _folder(text: str) -> Path:
    return typed_path(text.strip())


def _file_word(text: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in text)[:60]


def free_path(folder: Path, stem: str, suffix: str) -> Path:
    """A path that does not exist yet."""
    path = folder / f"{stem}.{suffix}"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}.{suffix}"
        number += 1
    return path


async def explain_invoice(app: Shell, invoice_id: str) -> None:
    """Why the invoice costs what it costs."""
    invoices = await _invoices(app, [invoice_id])
    if invoices:
        invoice = invoices[0]
        await app.push_screen_wait(
            MessageDialog(
                f"Why invoice {invoice.number} is {invoice.total}",
                invoice_explained(invoice),
                note="Promo and loyalty do not stack: each line takes the better one.",
            )
        )
