"""Ordering, second version: catalogue, parameters, cart, and paying a line of it (wire: 11.3)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from billtui.sandbox.billmgr import purchases
from billtui.sandbox.billmgr.call import Call, How, function
from billtui.sandbox.billmgr.catalogue import KINDS, Catalogue
from billtui.sandbox.billmgr.errors import missed, wrong
from billtui.sandbox.billmgr.functions.ordering import add_system_choices, describe, item_of, sold_in
from billtui.sandbox.billmgr.nodes import Doc, Node, choices, done, flag, scalars, table
from billtui.sandbox.billmgr.purchases import Wanted
from billtui.sandbox.billmgr.words import period, plain
from billtui.sandbox.engine.wire import MoneyJSON
from billtui.sandbox.engine.wire_quotes import QuoteJSON

FROM_BALANCE = "0"
"""``paymethod_id`` of the account's balance."""


@function(*(f"v2.{item}.order.pricelist" for item in KINDS))
def plans(call: Call) -> Doc:
    """Plans with the price of each period, of one place or of all (wire: 11.3, catalogue)."""
    item = item_of(call)
    catalogue = Catalogue(call.tx)
    place = catalogue.location_numbered(call.form.get("datacenter"))
    if place is None and call.form.get("datacenter") not in ("", "null"):
        raise wrong("datacenter", call.form.get("datacenter"))
    doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    doc.add("slist", choices("datacenter", ((one.number, one.name) for one in catalogue.locations)))
    rows: list[Node] = []
    for plan in catalogue.plans:
        sold = sold_in(call.tx, plan)
        if plan.kind != KINDS[item] or (place is not None and place.id not in sold):
            continue
        row = scalars({"id": plan.number, "title": plan.name, "description": plan.id})
        row.arrays = frozenset({"detail"})
        prices = row.add("prices", Node(arrays=frozenset({"price"})))
        for months in call.tx.policy.periods:
            price = {"period": str(months), "cost": plain(plan.cents * months), "currency": "EUR"}
            prices.add("price", scalars(dict(price)))
        for name, value in describe(plan):
            row.add("detail", scalars({"name": name, "value": value}))
        row.put("order_available", flag(sold.get(place.id) if place is not None else any(sold.values())))
        rows.append(row)
    doc.add("list", table("pricelist", rows))
    return doc


@function(*(f"v2.{item}.order.param" for item in KINDS), how=How.PRICED)
def parameters(call: Call) -> Doc:
    """Parameters and price; with ``sok`` a line of the cart, and nothing is bought yet (wire: 11.3)."""
    item = item_of(call)
    wanted = purchases.read_wanted(call, Catalogue(call.tx), item)
    quote = purchases.priced(call.tx, call.account_id, wanted)
    if call.writes:
        if call.form.get("clicked_button") not in ("order", ""):
            raise wrong("clicked_button", call.form.get("clicked_button"))
        made = call.tx.sql(
            "INSERT INTO billmgr_lineitems (account_id, wish) VALUES (?, ?)",
            (call.account_id, json.dumps({**wanted.kept(), "item": item})),
        )
        return done(ok="func=cart", lineitem__id=int(made.lastrowid or 0))
    doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    doc.put("pricelist", wanted.plan.number).put("datacenter", wanted.place.number)
    doc.put("order_period", wanted.months).put("order_count", wanted.count)
    doc.put("autoprolong", flag(wanted.auto_months)).put("domain", wanted.domain)
    add_system_choices(call, doc)
    label = f"{wanted.plan.name}, {period(wanted.months, call.lang)}"
    doc.add("list", table("pricelist_summary", [_summary(label, quote)]))
    doc.add("list", table("discount_summary", _discounts(quote)))
    doc.add("list", table("total_summary", [_summary("Total", quote)]))
    page = Node(attrs={"name": "page_settings"})
    field = page.add("field", Node(attrs={"name": "order_count"}))
    field.add("input", Node(attrs={"type": "text", "name": "order_count"}))
    doc.add("metadata", Node(attrs={"type": "form"})).add("form", Node()).add("page", page)
    return doc


def _cents(amount: MoneyJSON) -> int:
    return int(amount["amount"].replace(".", ""))


def _price(quote: QuoteJSON) -> Node:
    total, full = _cents(quote["total"]), sum(_cents(line["list_price"]) for line in quote["lines"])
    return scalars(
        {
            "cost": plain(total),
            "currency": quote["total"]["currency"],
            "discount": plain(full - total),
            "discountPercent": str(round((full - total) * 100 / full)) if full else "0",
            "noDiscountCost": plain(full),
            "sign": "",
        }
    )


def _summary(label: str, quote: QuoteJSON) -> Node:
    row = scalars({"label": label})
    row.add("cost", Node()).add("price", _price(quote))
    return row


def _discounts(quote: QuoteJSON) -> Iterable[Node]:
    for line in quote["lines"]:
        for discount in line["discounts"]:
            yield scalars({"label": discount["name"], "percent": discount["percent"]})


def _lines(call: Call) -> list[tuple[int, Wanted, str]]:
    catalogue = Catalogue(call.tx)
    found = call.tx.sql("SELECT id, wish FROM billmgr_lineitems WHERE account_id = ? ORDER BY id", (call.account_id,))
    kept = [(int(number), json.loads(wish)) for number, wish in found.fetchall()]
    return [(number, Wanted.of(catalogue, wish), str(wish["item"])) for number, wish in kept]


@function("cart", how=How.PRICED)
def cart(call: Call) -> Doc:
    """The lines of the cart at the prices of this moment (wire: 11.3, cart)."""
    doc = Doc(attrs={"func": "cart", "lang": call.lang}, form=True)
    rows: list[Node] = []
    total = 0
    for number, wanted, item in _lines(call):
        quote = purchases.priced(call.tx, call.account_id, wanted)
        total += _cents(quote["total"])
        row = scalars({"id": number, "elid": number, "item.type": item})
        row.add("main", scalars({"name": wanted.plan.name, "period": str(wanted.months), "count": wanted.count}))
        row.add("price", Node()).add("price", _price(quote))
        configuration = row.add("configuration", Node())
        for name, value in (("Datacenter", wanted.place.name), ("Domain", wanted.domain)):
            part = scalars({"configuration_name": name, "configuration_value": value})
            configuration.add("elem", part)
        action = row.add("action", Node())
        action.add("button", Node(attrs={"name": "delete", "type": "func", "func": "lineitem.delete"}))
        rows.append(row)
    doc.add("total", scalars({"cost": plain(total), "currency": "EUR", "count": len(rows)}))
    doc.add("list", table("lineitems", rows))
    return doc


@function("cart.empty", how=How.ACT)
def empty(call: Call) -> Doc:
    """Take everything out of the cart."""
    call.tx.sql("DELETE FROM billmgr_lineitems WHERE account_id = ?", (call.account_id,))
    return done()


@function("lineitem.delete", how=How.ACT)
def delete(call: Call) -> Doc:
    """Take lines out of the cart."""
    for number in call.form.ids:
        _take(call, number)
    return done()


def _take(call: Call, number: str) -> Wanted:
    """A line, which is in the cart no longer. Raises :class:`Refused`."""
    found = next((wanted for line, wanted, _ in _lines(call) if str(line) == number), None)
    if found is None:
        raise missed("lineitem", number)
    call.tx.sql("DELETE FROM billmgr_lineitems WHERE id = ?", (int(number),))
    return found


@function("cartorder.create.confirm", how=How.FORM)
def confirm(call: Call) -> Doc:
    """Buy lines and pay them from the balance, at once (wire: 11.3)."""
    numbers = call.form.ids
    if not numbers:
        raise missed("lineitem", "")
    if call.form.get("paymethod_id") != FROM_BALANCE and call.writes:
        raise wrong("paymethod_id", call.form.get("paymethod_id"))
    if not call.writes:
        doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
        doc.put("elid", call.form.get("elid")).put("paymethod_id", FROM_BALANCE)
        return doc
    for number in numbers:
        invoice = purchases.buy(call.tx, call.account_id, _take(call, number))
        purchases.charge(call.tx, call.account_id, invoice)
    return done(ok="func=order")
