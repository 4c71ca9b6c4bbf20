"""Why an amount is what it is: list price, each discount by name, rounding once (DSC-8, INV-10)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from textual.content import Content

from billtui.domain.models import Invoice, InvoiceLine, PlanChangePart, PromoTerms, Quote, QuoteLine
from billtui.domain.money import Money, group_digits, round_money
from billtui.services.plan_change_text import difference_rows
from billtui.widgets.formats import count_text, date_text, percent_text


def line_content(line: InvoiceLine, *, width: int = 70) -> Content:
    """One line in one row: the amount, what it is for, and the new end of a renewal."""
    amount = group_digits(line.amount.amount)
    parts: list[Content | str | tuple[str, str]] = [(f"{amount:>10}  ", "bold")]
    end = ""
    if isinstance(line, QuoteLine) and line.new_paid_until is not None:
        end = f" → {date_text(line.new_paid_until)}"
    percent = sum((discount.percent for discount in line.discounts), start=line.amount.amount * 0)
    off = f" −{percent_text(percent)}" if percent else ""
    plus = f" +{count_text(len(line.addons), 'add-on')}" if line.addons else ""
    room = max(10, width - 12 - len(end) - len(off) - len(plus))
    parts.append(Content(str(line.title)).truncate(room, ellipsis=True, pad=True))
    parts += [(plus, "$muted"), (off, "$text-success"), (end, "$muted")]
    return Content.assemble(*parts)


def explained(line: InvoiceLine, *, promo: PromoTerms | None = None) -> Content:
    """One line in full: list price, discounts, rounding, add-ons, quantity, amount. Everything adds up as it stands.

    With ``promo``, the terms of the quote's code, it says which discount won (DSC-7).
    """
    if line.plan_change is not None:
        return plan_change_explained(line, line.plan_change)
    count = line.quantity if isinstance(line, QuoteLine) else 1
    rows: list[Content] = [Content.styled(f"{count} × {line.title}" if count > 1 else str(line.title), "bold")]
    listed = _each(line.list_price, count)
    addons = [(str(part.name), _each(part.amount, count)) for part in line.addons]
    amount = _each(line.amount, count)
    if amount is None or listed is None or any(one is None for _, one in addons):
        count, listed, amount = 1, line.list_price.amount, line.amount.amount
        addons = [(str(part.name), part.amount.amount) for part in line.addons]
    extra = sum((one for _, one in addons if one is not None), Decimal(0))
    months = f" for {count_text(line.months, 'month')}" if line.months else ""
    one_of = " of one" if count > 1 else ""
    if listed != extra or not addons:  # a line of add-ons alone has no server part
        rows.append(_row(f"list price{one_of}{months}", group_digits(listed - extra)))
        rows += [_row(f"{discount.name}", f"−{percent_text(discount.percent)}") for discount in line.discounts]
        if line.discounts:
            rows.append(_row("rounded half up, once, to", group_digits(amount - extra)))
        else:
            rows.append(_row("no discount", group_digits(amount - extra)))
    if promo is not None and (words := _which_won(line, promo)):
        rows.append(Content.assemble("  ", (words, "$muted")))
    rows += [_row(f"+ {name}{months}", group_digits(one)) for name, one in addons if one is not None]
    if addons:
        rows.append(_row("together" if count == 1 else "one costs", group_digits(amount)))
    if count > 1:
        rows.append(_row(f"× {count}", group_digits(line.amount.amount)))
    return Content("\n").join(rows)


def plan_change_explained(line: InvoiceLine, change: PlanChangePart) -> Content:
    """The difference of two plans for the rest of a paid period, step by step (ORD-6)."""
    return Content("\n").join([Content.styled(str(line.title), "bold"), change_rows(line, change)])


def change_rows(line: InvoiceLine, change: PlanChangePart) -> Content:
    """The steps alone, a row each; the last, what is billed, stands out."""
    *steps, billed = (_wide_row(one.label, one.value) for one in difference_rows(change, line.amount))
    return Content("\n").join([*steps, billed.stylize("bold")])


def _wide_row(label: str, value: str) -> Content:
    return Content.assemble("  ", Content.styled(label, "$muted").truncate(50, ellipsis=True, pad=True), f"{value:>14}")


def _each(money: Money, count: int) -> Decimal | None:
    """What one of ``count`` costs; ``None`` where that is not whole cents."""
    if count < 1:
        return None
    one = round_money(money.amount / count)
    return one if one * count == money.amount else None


def _which_won(line: InvoiceLine, promo: PromoTerms) -> str:
    """Promo and loyalty do not stack: the better one holds (DSC-7)."""
    won = sum((discount.percent for discount in line.discounts), start=Decimal(0))
    code = f"code {promo.code} −{percent_text(promo.percent) or '0 %'}"
    if any(promo.code in discount.name for discount in line.discounts):
        return f"{code} beats loyalty, they do not stack (DSC-7)"
    if won and won >= promo.percent:
        return f"loyalty is no less than {code}, they do not stack (DSC-7)"
    return ""


def _row(label: str, value: str) -> Content:
    return Content.assemble("  ", Content.styled(label, "$muted").truncate(40, ellipsis=True, pad=True), f"{value:>12}")


def invoice_explained(invoice: Invoice) -> Content:
    """Every line of an invoice, and their sum."""
    parts = [explained(line) for line in invoice.lines]
    parts.append(_total("Total", invoice.total))
    return Content("\n\n").join(parts)


def quotes_explained(quotes: Sequence[Quote]) -> Content:
    """Every line of a purchase, and their sum; where it is several requests (BLK-7), each with its own."""
    parts: list[Content] = []
    for number, quote in enumerate(quotes, start=1):
        if len(quotes) > 1:
            heading = f"Request {number} of {len(quotes)}: an invoice of its own, at most 1,000 servers (BLK-7)"
            parts.append(Content.styled(heading, "$text-accent"))
        parts += [explained(line, promo=quote.promo) for line in quote.lines]
        if len(quotes) > 1:
            parts.append(_total(f"Request {number}", quote.total))
    if quotes:
        parts.append(_total("Total", Money.total((one.total for one in quotes), quotes[0].total.currency)))
    return Content("\n\n").join(parts)


def _total(label: str, total: Money) -> Content:
    amount = f"{group_digits(total.amount):>12} {total.currency}"
    return Content.assemble(Content.styled(label, "bold").truncate(42, pad=True), (amount, "bold"))
