"""Another tariff for a service (wire: 10.4, change tariff)."""

from __future__ import annotations

from billtui.sandbox.billmgr import purchases
from billtui.sandbox.billmgr.call import Call, How, function
from billtui.sandbox.billmgr.catalogue import Catalogue, Thing
from billtui.sandbox.billmgr.errors import missed
from billtui.sandbox.billmgr.functions.ordering import sold_in
from billtui.sandbox.billmgr.nodes import Doc, choices, done
from billtui.sandbox.billmgr.words import day, money, period
from billtui.sandbox.engine import plan_changes
from billtui.sandbox.engine.reading import own_order
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.wire_quotes import QuoteJSON


@function("service.changepricelist")
def tariffs(call: Call) -> Doc:
    """Which tariffs it could have: those of its kind that are sold where it stands."""
    order = own_order(call.tx, call.account_id, call.form.get("elid"))
    catalogue = Catalogue(call.tx)
    doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    doc.put("elid", order.id).put("pricelist", catalogue.plan(order.plan).number)
    others = [
        (plan.number, f"{plan.name} ({money(plan.cents, order.currency)} / {period(1, call.lang)})")
        for plan in catalogue.plans
        if plan.kind == order.kind and plan.id != order.plan and sold_in(call.tx, plan).get(order.location)
    ]
    doc.add("slist", choices("pricelist", others))
    return doc


def _wanted(call: Call) -> tuple[OrderRow, Thing, Thing, QuoteJSON]:
    """The service, its tariff, the one that is wanted, and what it costs. Raises :class:`Refused`."""
    order = own_order(call.tx, call.account_id, call.form.get("elid"))
    catalogue = Catalogue(call.tx)
    plan = catalogue.plan_numbered(call.form.get("pricelist"))
    if plan is None:
        raise missed("pricelist", call.form.get("pricelist"))
    quote = plan_changes.quote_plan_change(call.tx, call.account_id, str(order.id), plan.id)
    purchases.whole_or_nothing(quote["excluded"], "pricelist")
    return order, catalogue.plan(order.plan), plan, quote


@function("service.changepricelist.pricelist", how=How.PRICED)
def preview(call: Call) -> Doc:
    """What the wanted tariff costs more, up to the end of what is paid; it is a step, and does nothing with ``sok``."""
    call.form.values.pop("sok", None)
    return _preview(call)


def _preview(call: Call) -> Doc:
    order, old, new, quote = _wanted(call)
    doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    doc.put("elid", order.id).put("pricelist", new.number)
    doc.put("oldpricelist", old.name).put("newpricelist", new.name)
    doc.put("oldprice", f"{money(order.monthly_cents, order.currency)} / {period(1, call.lang)}")
    doc.put("newprice", f"{money(new.cents, order.currency)} / {period(1, call.lang)}")
    doc.put("oldexpiredate", day(order.paid_until)).put("newexpiredate", day(order.paid_until))
    total = quote["total"]
    doc.put("money_info", f"Total amount: {total['amount']} {total['currency']}")
    return doc


@function("service.changepricelist.getmoney", how=How.PRICED)
def change(call: Call) -> Doc:
    """The same; with ``sok`` it is paid from the balance at once, and the service has the tariff."""
    if not call.writes:
        return _preview(call)
    _, _, _, quote = _wanted(call)
    invoice = plan_changes.buy_plan_change(call.tx, call.account_id, quote["id"])
    if invoice["state"] != "paid":  # what is not dearer costs nothing, and is paid already
        purchases.charge(call.tx, call.account_id, invoice)
    return done()
