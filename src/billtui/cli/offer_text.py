"""Prices before they are bought, as text and JSON: a line for each cell or order, what is left out, the total."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from billtui.cli.output import Column, Output
from billtui.cli.shapes import amount, count, when
from billtui.domain.models import Exclusion, Quote, QuoteLine
from billtui.domain.money import group_digits
from billtui.services.offers import Offer, R

_CELLS = (
    Column("plan"),
    Column("location"),
    Column("servers", right=True),
    Column("each", right=True),
    Column("list price", right=True),
    Column("discounts", cut=True),
    Column("amount", right=True),
)
_ORDERS = (
    Column("order", cut=True),
    Column("list price", right=True),
    Column("discounts", cut=True),
    Column("amount", right=True),
    Column("new end"),
)


def offer_json(offer: Offer[R]) -> dict[str, Any]:
    """The whole offer: ``quotes`` and ``requests`` belong together, one for each 1,000 servers (BLK-7)."""
    return {
        "servers": offer.count,
        "total": amount(offer.total),
        "quotes": list(offer.quotes),
        "requests": list(offer.requests),
        "left_out": offer.excluded,
    }


def servers_text(quotes: Sequence[Quote]) -> str:
    """``3 × 10 locations = 30 servers``, or how many cells make how many servers."""
    found: dict[tuple[str, str], int] = {}
    for line in (one for quote in quotes for one in quote.lines):
        key = (str(line.plan), str(line.location))
        found[key] = found.get(key, 0) + line.quantity
    total = sum(found.values())
    if len({plan for plan, _ in found}) == 1 and len(set(found.values())) == 1:
        return f"{next(iter(found.values()))} × {count(len(found), 'location')} = {count(total, 'server')}"
    return f"{count(len(found), 'line')} = {count(total, 'server')}" if found else "no servers"


def show_cells(out: Output, offer: Offer[R], plan: Callable[[str], str]) -> None:
    """New servers: each cell as quantity × unit = amount, the counts, the total. ``plan`` names one by its id."""
    out.table(_CELLS, (_cell(line, plan) for line in offer.lines), empty="Nothing of this can be had.")
    out.line(f"{servers_text(offer.quotes)}{_requests(offer)}")
    _end(out, offer, lambda one: f"{plan(str(one.plan))} in {one.location}")


def show_orders(out: Output, offer: Offer[R], name_of: Callable[[str], str], nothing: str) -> None:
    """A renewal or add-ons: a line for each order, then the total. ``name_of`` gives the name of a left-out order."""
    out.table(_ORDERS, map(_order, offer.lines), empty=nothing)
    if len(offer.quotes) > 1:
        out.line(f"{count(offer.count, 'order')}{_requests(offer)}")
    _end(out, offer, lambda one: name_of(str(one.order_id)))


def _requests(offer: Offer[R]) -> str:
    many = len(offer.quotes)
    return f", in {many} requests of at most 1,000, with an invoice each (BLK-7)" if many > 1 else ""


def _promo_text(offer: Offer[R]) -> str | None:
    """On how many lines the promo code is, and why not on the others (DSC-6, DSC-7)."""
    terms = next((quote.promo for quote in offer.quotes if quote.promo is not None), None)
    if terms is None:
        return None
    lines = offer.lines
    covered = sum(any(terms.code.casefold() in one.name.casefold() for one in line.discounts) for line in lines)
    head = f"Promo code {terms.code}, {terms.percent.normalize():f} %: on {covered} of {count(len(lines), 'line')}"
    return head if covered == len(lines) else f"{head}; else it is not for them, or the loyalty is better (DSC-7)"


def _end(out: Output, offer: Offer[R], name: Callable[[Exclusion], str]) -> None:
    if (promo := _promo_text(offer)) is not None:
        out.line(promo)
    out.line(f"Total {offer.total}; the price holds until {when(offer.expires_at)}.")
    for one in offer.excluded:
        out.note(f"Left out: {name(one)}: {one.reason}{f' ({one.rule})' if one.rule else ''}")


def _cell(line: QuoteLine, plan: Callable[[str], str]) -> list[str]:
    each = line.unit_amount.amount if line.unit_amount is not None else line.amount.amount / line.quantity
    return [
        plan(str(line.plan)), str(line.location), str(line.quantity), group_digits(each),
        group_digits(line.list_price.amount), _discounts(line), str(line.amount),
    ]  # fmt: skip


def _order(line: QuoteLine) -> list[str]:
    return [str(line.title), str(line.list_price), _discounts(line), str(line.amount), when(line.new_paid_until)]


def _discounts(line: QuoteLine) -> str:
    return ", ".join(f"{one.name} {one.percent.normalize():f} %" for one in line.discounts)
