"""Renewals, of one service and of many (wire: 10.3)."""

from __future__ import annotations

from billtui.domain.periods import parse_instant
from billtui.sandbox.billmgr import baskets, purchases
from billtui.sandbox.billmgr.call import Call, How, function
from billtui.sandbox.billmgr.errors import missed
from billtui.sandbox.billmgr.functions.services import status_of
from billtui.sandbox.billmgr.nodes import Doc, choices, done
from billtui.sandbox.billmgr.words import day, money, period
from billtui.sandbox.engine.reading import own_order
from billtui.sandbox.engine.wire import micros

BASKET = "basket"


@function("service.prolong", how=How.PRICED)
def prolong(call: Call) -> Doc:
    """Renew: into the basket with ``clicked_button=basket``, else paid from the balance at once, without a question."""
    return renew(call)


def renew(call: Call) -> Doc:
    """The form of a renewal, or the renewal itself. Raises :class:`Refused`, ``RuleBroken``."""
    ids = call.form.ids
    if not ids:
        raise missed("elid", "")
    if not call.writes:
        return _form(call, ids)
    months = purchases.read_period(call.form.get("period"), call.tx)
    invoice = purchases.renew(call.tx, call.account_id, ids, months)
    if call.form.get("clicked_button") == BASKET:
        basket = baskets.put(call.tx, call.account_id, int(invoice["id"]))
        return done(ok="func=basket", billorder=basket)
    purchases.charge(call.tx, call.account_id, invoice)
    return done()


def _form(call: Call, ids: list[str]) -> Doc:
    """What it leads to, and what it costs where a period was chosen."""
    orders = [own_order(call.tx, call.account_id, number) for number in ids]
    doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    doc.put("elid", ", ".join(ids)).put("title_name", ", ".join(order.name for order in orders))
    doc.put("expiredate", day(orders[0].paid_until)).put("status", status_of(orders[0])[0])
    doc.put("suspendpenaltywarn").put("period", call.form.get("period"))
    if call.form.get("period"):
        months = purchases.read_period(call.form.get("period"), call.tx)
        quote = purchases.price_renewal(call.tx, call.account_id, ids, months)
        end = quote["lines"][0]["new_paid_until"]
        doc.put("newexpiredate", "" if end is None else day(micros(parse_instant(end))))
        total = quote["total"]
        doc.put("orderinfo", f"<p>Total amount: {total['amount']} {total['currency']}</p>")
    else:
        doc.put("newexpiredate")
    doc.add("slist", choices("period", (_priced_period(call, months, ids) for months in call.tx.policy.periods)))
    return doc


def _priced_period(call: Call, months: int, ids: list[str]) -> tuple[str, str]:
    total = purchases.price_renewal(call.tx, call.account_id, ids, months)["total"]
    cents = int(total["amount"].replace(".", ""))
    return str(months), f"{period(months, call.lang)} ({money(cents, total['currency'])})"
