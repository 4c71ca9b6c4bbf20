"""One service in detail, its settings, power, and forms for many at once (wire: 6, 10.2, 10.4)."""

from __future__ import annotations

from billtui.sandbox.billmgr import baskets, purchases
from billtui.sandbox.billmgr.call import Call, How, function
from billtui.sandbox.billmgr.catalogue import KINDS, Catalogue
from billtui.sandbox.billmgr.errors import missed, wrong
from billtui.sandbox.billmgr.functions.renewing import renew
from billtui.sandbox.billmgr.functions.services import CLOSING, closing, monthly_of, status_of
from billtui.sandbox.billmgr.nodes import NOTHING, Doc, Node, choices, done
from billtui.sandbox.billmgr.words import day, money, period, plain
from billtui.sandbox.engine import addons, orders
from billtui.sandbox.engine.facts import addons_of
from billtui.sandbox.engine.reading import own_order
from billtui.sandbox.engine.rows import OrderRow

_POWER = {
    "service.start": "start",
    "service.stop": "stop",
    "service.reboot": "reboot",
    "service.hardreboot": "reset",
}


def _own(call: Call, number: str, item: str) -> OrderRow:
    """A service of that item type. Raises ``NotFound``, :class:`Refused`."""
    order = own_order(call.tx, call.account_id, number)
    if order.kind != KINDS[item]:
        raise missed("elid", number)
    return order


@function(*_POWER, how=How.ACT)
def power(call: Call) -> Doc:
    """Start, stop, restart one service or several; all of them or none (wire: 10.4)."""
    return _power(call, call.form.func)


def _power(call: Call, name: str) -> Doc:
    if not call.form.ids:
        raise missed("elid", "")
    for number in call.form.ids:
        orders.act(call.tx, call.account_id, number, _POWER[name])
    return done()


@function(*(f"{item}.edit" for item in KINDS), how=How.PRICED)
def edit(call: Call) -> Doc:
    """A service; with ``sok`` another name, auto-renewal, or add-ons, which go into the basket (wire: 10.2)."""
    item = call.form.func.removesuffix(".edit")
    order = _own(call, call.form.get("elid"), item)
    return _change(call, order) if call.writes else _form(call, order)


def _change(call: Call, order: OrderRow) -> Doc:
    form, number = call.form, str(order.id)
    name = form.get("server_name") or form.get("domain")
    if name and name != order.name:
        orders.rename(call.tx, call.account_id, number, name)
    if form.get("ostempl"):
        raise wrong("ostempl", form.get("ostempl"), "A server is not installed anew by this form")
    if form.has("autoprolong"):
        months = purchases.read_auto(call, order.auto_months)
        if months:
            _goes_on(call, order)
        if (months > 0) != bool(order.auto_on) or (months and months != order.auto_months):
            orders.set_auto_renew(call.tx, call.account_id, number, months > 0, months or order.auto_months)
    wanted = _new_addons(call, order)
    if not wanted:
        return done()
    quote = addons.quote_addons(call.tx, call.account_id, [number], wanted)
    purchases.whole_or_nothing(quote["excluded"], "elid")
    invoice = addons.buy_addons(call.tx, call.account_id, quote["id"])
    return done(ok="func=basket", billorder=baskets.put(call.tx, call.account_id, int(invoice["id"])))


def _goes_on(call: Call, order: OrderRow) -> None:
    """It is not to end any more."""
    ends = closing(call)
    if order.id in ends:
        call.remember(CLOSING, {"ids": [one for one in ends if one != order.id]})


@function(*(f"{item}.delete" for item in KINDS), how=How.ACT)
def delete(call: Call) -> Doc:
    """Cancel what is not paid; what is paid runs to its end and no longer (wire: 10.4). All of them or none."""
    item = call.form.func.removesuffix(".delete")
    if not call.form.ids:
        raise missed("elid", "")
    ends = closing(call)
    for number in call.form.ids:
        order = _own(call, number, item)
        if order.state == "pending" and order.open_invoice_id is not None:
            baskets.cancel(call.tx, call.account_id, order)
            continue
        orders.set_auto_renew(call.tx, call.account_id, number, False, order.auto_months)
        ends = [*(one for one in ends if one != order.id), order.id]
    call.remember(CLOSING, {"ids": ends})
    return done()


@function("service.changepassword", how=How.FORM)
def change_password(call: Call) -> Doc:
    """Another password of servers, which the sandbox has not: it is looked at and forgotten (wire: 10.4)."""
    return _change_password(call)


def _change_password(call: Call) -> Doc:
    found = [own_order(call.tx, call.account_id, number) for number in call.form.ids]
    if not found:
        raise missed("elid", "")
    if not call.writes:
        doc = Doc(attrs={"func": "service.changepassword", "lang": call.lang}, form=True)
        doc.put("elid", call.form.get("elid")).put("passwd").put("confirm")
        return doc
    if not call.form.values.get("passwd"):
        raise wrong("passwd", "")
    if call.form.values["passwd"] != call.form.values.get("confirm", ""):
        raise wrong("confirm", "", "The password and its repetition differ")
    for order in found:
        if order.state != "active":
            raise wrong("elid", str(order.id), f"{order.name} does not run")
    return done()


def _new_addons(call: Call, order: OrderRow) -> list[str]:
    """The add-ons that a form asks for and the service has not. Raises :class:`Refused`; none can be given back."""
    catalogue = Catalogue(call.tx)
    there = {one.id for one in addons_of(order.addons, order.currency)}
    wanted: list[str] = []
    for name, value in call.form.values.items():
        if not name.startswith("addon_"):
            continue
        addon = catalogue.addon_numbered(name.removeprefix("addon_"))
        text = value.strip()
        if addon is None or text not in ("", "0", "1", "null", "on", "off"):
            raise wrong(name, value)
        if text in ("1", "on") and addon.id not in there:
            wanted.append(addon.id)
        elif text in ("0", "off") and addon.id in there:
            raise wrong(name, value, f"{addon.name} cannot be given back")
    return wanted


def _form(call: Call, order: OrderRow) -> Doc:
    catalogue = Catalogue(call.tx)
    plan, place = catalogue.plan(order.plan), catalogue.location(order.location)
    there = {one.id for one in addons_of(order.addons, order.currency)}
    doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    values = {
        "elid": str(order.id),
        "name": order.name,
        "domain": order.name,
        "server_name": order.name,
        "ip": order.address or "",
        "opendate": day(order.in_use_since),
        "createdate": day(order.created_at),
        "expiredate": day(order.paid_until),
        "period": str(order.auto_months),
        "pricelist": plan.name,
        "pricelist_id": plan.number,
        "datacenter": place.number,
        "datacentername": place.name,
        "cost": f"{money(monthly_of(order), order.currency)} / {period(1, call.lang)}",
        "item_cost": plain(monthly_of(order), 4),
        "autoprolong": str(order.auto_months) if order.auto_on else NOTHING,
        "stored_method": "0",
        "status": status_of(order)[0],
    }
    for name, value in values.items():
        doc.put(name, value)
    auto = [(NOTHING, call.say("Do not renew"))]
    auto += [(str(one), period(one, call.lang)) for one in call.tx.policy.periods]
    doc.add("slist", choices("autoprolong", auto))
    doc.add("slist", choices("stored_method", [("0", call.say("Account balance"))]))
    labels = Node(plain=True)
    for addon in catalogue.addons:
        if addon.kind == order.kind:
            name = f"addon_{addon.number}"
            doc.put(name, "1" if addon.id in there else "0")
            labels.put(name, addon.name)
    doc.add("messages", Node()).add("msg", labels)
    wanted = _new_addons(call, order)
    if wanted:
        quote = addons.quote_addons(call.tx, call.account_id, [str(order.id)], wanted)
        purchases.whole_or_nothing(quote["excluded"], "elid")
        total = quote["total"]
        doc.put("orderinfo", f"<p>Total amount: {total['amount']} {total['currency']}</p>")
    if not call.form.get("sv_field"):
        return doc
    outer = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    found = doc.first("orderinfo")
    if found is not None:
        outer.add("orderinfo", found)
    outer.add("doc", doc)
    return outer


@function("groupedit", how=How.PRICED)
def group_edit(call: Call) -> Doc:
    """One form for many services: renewal, settings, power; all of them or none (wire: 6, bulk form)."""
    name = call.form.get("faction")
    if name == "service.prolong":
        return renew(call)
    if name in _POWER and call.writes:
        return _power(call, name)
    if name == "service.changepassword":
        return _change_password(call)
    item = name.removesuffix(".edit")
    if item not in KINDS or item == name:
        raise missed("faction", name)
    if not call.writes:
        return _form(call, _own(call, call.form.ids[0] if call.form.ids else "", item))
    if call.form.get("server_name") or call.form.get("domain"):
        raise wrong("server_name", call.form.get("server_name"))
    answer = done()
    for number in call.form.ids:
        answer = _change(call, _own(call, number, item))
    return answer
