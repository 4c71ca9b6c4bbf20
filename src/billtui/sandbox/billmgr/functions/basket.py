"""The basket of the first version, and orders that wait to be paid (wire: 11.2)."""

from __future__ import annotations

from decimal import Decimal

from billtui.sandbox.billmgr import baskets
from billtui.sandbox.billmgr.call import Call, How, function
from billtui.sandbox.billmgr.catalogue import ITEM_TYPES, Catalogue
from billtui.sandbox.billmgr.errors import wrong
from billtui.sandbox.billmgr.functions.payments import IN_NO_BASKET, PREFIX
from billtui.sandbox.billmgr.nodes import NOTHING, Doc, Node, done, scalars, table
from billtui.sandbox.billmgr.words import plain
from billtui.sandbox.engine import payments
from billtui.sandbox.engine.facts import lines_of
from billtui.sandbox.engine.rows import InvoiceRow, LineRow


def _percent(line: LineRow) -> str:
    if not line.list_cents:
        return "0%"
    off = Decimal(line.list_cents - line.amount_cents) * 100 / line.list_cents
    return f"{off:.0f}%"


def _item(call: Call, catalogue: Catalogue, line: LineRow) -> Node:
    order = None if line.order_id is None else call.tx.orders.need(line.order_id)
    values = {
        "id": baskets.item_number(line),
        "item.id": "" if order is None else str(order.id),
        "item.type": "" if order is None else ITEM_TYPES.get(order.kind, order.kind),
        "item.period": str(line.months or 0),
        "item.autoprolong": NOTHING if order is None or not order.auto_on else str(order.auto_months),
        "pricelist_name": "" if order is None else catalogue.plan(order.plan).name,
        "desc": line.title,
        "cost": plain(line.amount_cents),
        "fullcost": plain(line.list_cents),
        "discount_percent": _percent(line),
    }
    return scalars(dict(values))


def _show(call: Call) -> Doc:
    basket = baskets.present(call.tx, call.account_id)
    found = baskets.items(call.tx, basket)
    catalogue = Catalogue(call.tx)
    doc = Doc(attrs={"func": "basket", "lang": call.lang}, form=True)
    doc.put("billorder", "" if basket is None else str(basket))
    doc.put("total_sum", plain(sum(line.amount_cents for _, line in found)))
    doc.put("tax", "0.00")
    doc.put("full_discount", plain(sum(line.list_cents - line.amount_cents for _, line in found)))
    doc.put("needphoneverify", "off")
    codes = dict.fromkeys(baskets.promo_of(call.tx, one) or "" for one in baskets.purchases(call.tx, basket))
    doc.put("promocode", ", ".join(code for code in codes if code))
    doc.add("list", table("itemlist", [_item(call, catalogue, line) for _, line in found]))
    return doc


@function("basket", how=How.FORM)
def basket_function(call: Call) -> Doc:
    """What is in it; with ``sok`` a change: a code, an item out, everything out, an order for nothing (wire: 11.2)."""
    if not call.writes:
        return _show(call)
    tx, form, account_id = call.tx, call.form, call.account_id
    basket = baskets.present(tx, account_id)
    button, number = form.get("clicked_button"), form.get("id")
    if form.get("promocode"):
        baskets.apply_promo(tx, account_id, basket, form.get("promocode"))
    elif button == "delete":
        baskets.drop(tx, account_id, basket, number)
    elif button == "clearbasket":
        baskets.clear(tx, account_id, baskets.own(tx, account_id, number))
    elif button == "free":
        chosen = baskets.own(tx, account_id, number)
        if any(one.total_cents for one in baskets.purchases(tx, chosen)):
            raise wrong("id", number, "This order is not for nothing: pay it")
        payments.pay(tx, account_id, baskets.one_payment(tx, account_id, chosen), "internal")
    elif form.get("billorder"):
        baskets.own(tx, account_id, form.get("billorder"))
    return done(billorder="" if basket is None else basket)


@function("order")
def orders(call: Call) -> Doc:
    """Orders that are not paid: in the basket, and beyond it with their payment (wire: 11.2)."""
    doc = Doc(attrs={"func": "order", "lang": call.lang}, form=True)
    basket = baskets.present(call.tx, call.account_id)
    waiting = call.tx.invoices.where(
        "account_id = ? AND state IN ('unpaid', 'overdue') AND kind NOT IN ('top-up', 'administration')"
        f" AND {IN_NO_BASKET} ORDER BY id DESC",
        (call.account_id,),
    )
    for name, found, numbered in (
        ("openlist", baskets.purchases(call.tx, basket), False),
        ("inpaylist", waiting, True),
    ):
        doc.add("list", table(name, (row for one in found for row in _waiting(call, one, numbered=numbered))))
    return doc


def _waiting(call: Call, invoice: InvoiceRow, *, numbered: bool) -> list[Node]:
    mark = f" #{PREFIX}{invoice.number}" if numbered else ""
    return [
        scalars(
            {
                "id": invoice.id,
                "item_id": "" if line.order_id is None else str(line.order_id),
                "desc": f"{line.title}{mark}",
                "cost": plain(line.amount_cents),
            }
        )
        for line in lines_of(call.tx, invoice.id)
    ]
