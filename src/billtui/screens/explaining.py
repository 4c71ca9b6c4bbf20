"""Why an amount is what it is: list price, each discount by name, rounding once (DSC-8, INV-10)."""

from __future__ import annotations

from textual.content import Content

from billtui.domain.models import Invoice, InvoiceLine, QuoteLine
from billtui.domain.money import group_digits
from billtui.widgets.formats import count_text, date_text, percent_text, state_text


def line_content(line: InvoiceLine, *, width: int = 70) -> Content:
    """One line in one row: the amount, what it is for, and the new end of a renewal."""
    amount = group_digits(line.amount.amount)
    parts: list[Content | str | tuple[str, str]] = [(f"{amount:>10}  ", "bold")]
    end = ""
    if isinstance(line, QuoteLine) and line.new_paid_until is not None:
        end = f" → {date_text(line.new_paid_until)}"
    percent = sum((discount.percent for discount in line.discounts), start=line.amount.amount * 0)
    off = f" −{percent_text(percent)}" if percent else ""
    room = max(10, width - 12 - len(end) - len(off))
    parts.append(Content(str(line.title)).truncate(room, ellipsis=True, pad=True))
    parts += [(off, "$text-success"), (end, "$muted")]
    return Content.assemble(*parts)


def explained(line: InvoiceLine) -> Content:
    """One line in full: list price, discounts, amount."""
    rows: list[Content] = [Content.styled(str(line.title), "bold")]
    months = f" for {count_text(line.months, 'month')}" if line.months else ""
    rows.append(_row("list price" + months, group_digits(line.list_price.amount)))
    for discount in line.discounts:
        rows.append(_row(f"{discount.name}", f"−{percent_text(discount.percent)}"))
    if line.discounts:
        rows.append(_row("rounded half up, once, to", group_digits(line.amount.amount)))
    else:
        rows.append(_row("no discount", group_digits(line.amount.amount)))
    return Content("\n").join(rows)


def _row(label: str, value: str) -> Content:
    return Content.assemble("  ", Content.styled(label, "$muted").truncate(40, ellipsis=True, pad=True), f"{value:>12}")


def invoice_explained(invoice: Invoice) -> Content:
    """Every line of an invoice, and their sum."""
    parts = [explained(line) for line in invoice.lines]
    total = group_digits(invoice.total.amount)
    parts.append(
        Content.assemble(
            Content.styled("Total", "bold").truncate(42, pad=True), (f"{total:>12} {invoice.total.currency}", "bold")
        )
    )
    return Content("\n\n").join(parts)


def invoice_facts(invoice: Invoice) -> list[tuple[str, Content]]:
    """What is known of an invoice, label by label."""
    facts: list[tuple[str, Content]] = [
        ("State", state_text(str(invoice.state))),
        ("Kind", Content(str(invoice.kind))),
        ("Issued", Content(date_text(invoice.issued_at))),
    ]
    if invoice.due_at:
        facts.append(("Due", Content(date_text(invoice.due_at))))
    if invoice.promise_until:
        facts.append(("Promised", Content(date_text(invoice.promise_until))))
    if invoice.paid_at:
        facts.append(("Paid", Content(f"{date_text(invoice.paid_at)} {invoice.paid_by or ''}".rstrip())))
    if invoice.combined_into:
        facts.append(("Now in", Content(str(invoice.combined_into))))
    if invoice.combined_from:
        facts.append(("Holds", Content(", ".join(map(str, invoice.combined_from)))))
    return facts
