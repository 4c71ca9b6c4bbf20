"""Plans that buy new servers and add-ons (BLK-1 to BLK-7, ORD-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from billtui.domain.models import Account, AddonRequest, InvoiceKind, Order, OrderCell, OrderRequest, Quote
from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.rules.facts import order_facts
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft, counted
from billtui.services.planner.facts import facts_of_cells, facts_of_quote
from billtui.services.planner.purchases import (
    Bought,
    exclude,
    foreign,
    in_requests,
    lines_not_busy,
    only_in_turn,
    then_pay,
)
from billtui.services.plans import OperationKind, Plan, cell_key

K = OperationKind
JsonObject = dict[str, JsonValue]


def split_cells(
    cells: Sequence[OrderCell], limit: int = DEFAULT_POLICY.bulk_limit, *, policy: Policy = DEFAULT_POLICY
) -> list[list[OrderCell]]:
    """The cells as requests of at most ``limit`` servers (BLK-7), in their order, as few requests as possible.

    A plan and location that stands twice is one cell, at its first place. A cell is cut where a request is full. The
    last request has at least ten servers (as many as the highest tier of DSC-2 asks for), taken from the one before
    it: a remainder of five would be priced by whether the thousand before it are already paid (DSC-5).
    """
    if limit < 1:
        raise ValueError("a request takes at least one server")
    sizes = _sizes(sum(one.quantity for one in cells), limit, policy)
    requests: list[list[OrderCell]] = []
    room = 0
    for cell in _merged(cells):
        left = cell.quantity
        while left:
            if not room:
                room = sizes[len(requests)]
                requests.append([])
            some = min(left, room)
            requests[-1].append(cell.model_copy(update={"quantity": some}))
            left -= some
            room -= some
    return requests


def _merged(cells: Sequence[OrderCell]) -> list[OrderCell]:
    found: dict[str, OrderCell] = {}
    for cell in cells:
        key = cell_key(cell.plan, cell.location)
        before = found.get(key)
        more = before.quantity if before is not None else 0
        found[key] = (before or cell).model_copy(update={"quantity": cell.quantity + more})
    return list(found.values())


def _sizes(count: int, limit: int, policy: Policy) -> list[int]:
    """How many servers each request takes: full ones, and a last one that reaches the highest tier by itself."""
    sizes = [min(limit, count - begin) for begin in range(0, count, limit)]
    least = max((tier[0] for one in policy.loyalty.values() for tier in one.by_count), default=1)
    short = min(least, limit // 2) - sizes[-1] if len(sizes) > 1 else 0
    if short > 0:
        sizes[-2] -= short
        sizes[-1] += short
    return sizes


def buy(
    account: Account,
    quotes: Sequence[Quote],
    requests: Sequence[OrderRequest],
    then: str | None = None,
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
    together: bool = True,
    in_turn: bool = False,
) -> Plan:
    """Buy what ``quotes`` price, an invoice each (BLK-1), and perhaps pay them all at once by ``then``.

    ``quotes`` and ``requests`` belong together, one to one: a selection of more than 1,000 servers is several requests
    (BLK-7), as the session's ``offer_order`` makes them. The plan holds resolved cells, never "all locations", and is
    quoted afresh before it is bought (DSC-8). What a quote excludes is left out with its reason, its target being
    ``cell:PLAN@LOCATION`` (BLK-2, BLK-6). A purse that does not hold the total of all requests pays none (ACC-4). Not
    ``together`` (``Traits.buys_together``): an operation and an invoice for each server, as the panel takes them.
    ``in_turn`` (``Traits.one_basket``): each is paid before the next begins; several that are not paid are left out.
    """
    if not together:
        quotes, requests = server_by_server(quotes, requests)
    draft = Draft(account, K.ORDER, profile, _one_purchase_at_a_time(busy or {}, len(quotes)))
    purchases: list[Bought] = []
    count = 0
    for quote, request in zip(quotes, requests, strict=True):
        exclude(draft, quote, {})
        cells: list[JsonValue] = [
            {"plan": line.plan.raw, "location": line.location.raw, "quantity": line.quantity}
            for line in quote.lines
            if line.plan is not None and line.location is not None
        ]
        servers = sum(line.quantity for line in quote.lines)
        target = f"new:{len(purchases) + 1}"
        if not cells or foreign(draft, quote, _titles(quote)):
            continue
        if draft.taken([target], counted(servers, "new server")):
            continue
        months = counted(request.period, "month")
        number = draft.add(
            K.ORDER,
            [target],
            f"Order {counted(servers, 'new server')} for {months}",
            params={"cells": cells, **_wishes(request, quote)},
            facts=facts_of_cells(quote),
            amount=quote.total,
        )
        purchases.append(Bought(number, quote.total, counted(servers, "new server")))
        count += servers
    if not purchases:
        return draft.plan("Order nothing")
    if then is not None:
        then_pay(draft, then, purchases, now or datetime.now(UTC), kind=InvoiceKind.NEW_ORDER, in_turn=in_turn)
    if only_in_turn(draft, purchases, in_turn):
        return draft.plan("Order nothing")
    months = counted(requests[0].period, "month")
    return draft.plan(f"Order {counted(count, 'new server')} for {months}{in_requests(len(purchases))}")


def _titles(quote: Quote) -> dict[str, str]:
    """What a quote's cells are called, by their targets."""
    lines = [one for one in quote.lines if one.plan is not None and one.location is not None]
    return {f"cell:{cell_key(one.plan or '', one.location or '')}": str(one.title) for one in lines}


def server_by_server(
    quotes: Sequence[Quote], requests: Sequence[OrderRequest]
) -> tuple[list[Quote], list[OrderRequest]]:
    """Quotes and requests of new servers, one of each for every server, by the price of one.

    Each is priced by itself before it is bought, so another price is a change. Names are those of the quote.
    """
    single: list[tuple[Quote, OrderRequest]] = []
    for quote, request in zip(quotes, requests, strict=True):
        excluded = quote.excluded
        for line in quote.lines:
            if line.plan is None or line.location is None:
                continue
            one = line.unit_amount or Money(line.amount.amount / line.quantity, line.amount.currency)
            cell = OrderCell(plan=line.plan, location=line.location, quantity=1)
            for number in range(line.quantity):
                names = line.names[number : number + 1]
                priced = line.model_copy(
                    update={"quantity": 1, "amount": one, "list_price": one, "unit_amount": one, "names": names}
                )
                single.append(
                    (
                        quote.model_copy(update={"lines": [priced], "total": one, "excluded": excluded}),
                        request.model_copy(
                            update={
                                "cells": [cell],
                                "plan": None,
                                "quantity": None,
                                "all_locations": False,
                                "names": names[0] if request.names and names else request.names,
                            }
                        ),
                    )
                )
                excluded = []
        if excluded:
            nothing = Money.total((), quote.total.currency)
            single.append((quote.model_copy(update={"lines": [], "total": nothing}), request))
    return [one for one, _ in single], [one for _, one in single]


def _one_purchase_at_a_time(busy: Mapping[str, Busy], requests: int) -> dict[str, Busy]:
    """While any request for new servers is open, all of them are: its outcome is waited for first.

    Names, stock and the discount by number are what the one before leaves.
    """
    open_one = next((one for target, one in busy.items() if target.startswith("new:")), None)
    return {} if open_one is None else {f"new:{number}": open_one for number in range(1, requests + 1)}


def _wishes(request: OrderRequest, quote: Quote) -> JsonObject:
    """What every server of a request is to have; only what was asked for."""
    wishes: JsonObject = {"period": request.period}
    if request.addons:
        wishes["addons"] = [one.raw for one in request.addons]
    if request.names:
        wishes["names"] = request.names.raw
    if request.auto_renew is not None:
        wishes["auto_renew"] = {"on": request.auto_renew.on, "months": request.auto_renew.months}
    if request.promo_code:
        wishes["promo_code"] = request.promo_code.raw
    return wishes


def addons(
    account: Account,
    quotes: Sequence[Quote],
    requests: Sequence[AddonRequest],
    orders: Sequence[Order],
    then: str | None = None,
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Add what ``quotes`` price to ``orders``, on an invoice each (ORD-5), and perhaps pay it at once by ``then``.

    One quote and request for up to 1,000 orders (BLK-7), as the session's ``offer_addons`` makes them. What a quote
    excludes is left out with its reason (BLK-6).
    """
    draft = Draft(account, K.ADDONS, profile, busy or {})
    names = {order.id.raw: order for order in orders}
    purchases: list[Bought] = []
    found: list[str] = []
    for quote, request in zip(quotes, requests, strict=True):
        exclude(draft, quote, names)
        ids = [line.order_id.raw for line in lines_not_busy(draft, quote, names) if line.order_id is not None]
        if not ids:
            continue
        number = draft.add(
            K.ADDONS,
            [f"order:{one}" for one in ids],
            f"Add {counted(len(request.addons), 'add-on')} to {counted(len(ids), 'order')}",
            params={"order_ids": list(ids), "addons": [one.raw for one in request.addons]},
            facts=facts_of_quote(quote, names),
            amount=quote.total,
        )
        purchases.append(Bought(number, quote.total, counted(len(ids), "order")))
        found += ids
    if not purchases:
        return draft.plan("Add nothing")
    if then is not None:
        facts = [order_facts(names[one]) for one in found if one in names]
        then_pay(draft, then, purchases, now or datetime.now(UTC), kind=InvoiceKind.ADDON, orders=facts)
    what = counted(len(requests[0].addons), "add-on")
    return draft.plan(f"Add {what} to {counted(len(found), 'order')}{in_requests(len(purchases))}")
