"""Ordering, first version: catalogue, parameters, basket or charge at once (wire: 11.1)."""

from __future__ import annotations

from billtui.sandbox.billmgr import baskets, purchases
from billtui.sandbox.billmgr.call import Call, For, How, function
from billtui.sandbox.billmgr.catalogue import KINDS, Catalogue, Thing
from billtui.sandbox.billmgr.errors import Refused, wrong
from billtui.sandbox.billmgr.nodes import NOTHING, Doc, Node, choices, done, flag, scalars, table
from billtui.sandbox.billmgr.purchases import SYSTEMS
from billtui.sandbox.billmgr.words import money, period
from billtui.sandbox.engine.unit import Tx

STEPS = (".order", ".order.pricelist")


def item_of(call: Call) -> str:
    """The item type that a function is about."""
    return call.form.func.removeprefix("v2.").partition(".")[0]


def sold_in(tx: Tx, plan: Thing) -> dict[str, int]:
    """Places where a plan is sold, with how many are left."""
    found = tx.sql("SELECT location, available FROM stock WHERE plan = ?", (plan.id,))
    return {place: int(left) for place, left in found}


def describe(plan: Thing) -> list[tuple[str, str]]:
    """What a plan has."""
    return [("CPU", str(plan.cpu)), ("RAM", f"{plan.memory} MiB"), ("Disk", f"{plan.disk} GB")]


@function(*(f"{item}{step}" for item in KINDS for step in STEPS), how=How.READ)
def catalogue_step(call: Call) -> Doc:
    """Plans that can be had, for a period and a place; with ``snext`` and a plan the next step (wire: 11.1, 1)."""
    item, form = item_of(call), call.form
    if form.get("snext") == "ok" and form.get("pricelist"):
        return _parameters(call, item, priced=False)
    catalogue = Catalogue(call.tx)
    months = purchases.read_period(form.get("period") or "1", call.tx)
    place = catalogue.location_numbered(form.get("datacenter")) if form.get("datacenter") else catalogue.locations[0]
    if place is None:
        raise wrong("datacenter", form.get("datacenter"))
    doc = Doc(attrs={"func": form.func, "lang": call.lang}, form=True)
    doc.put("period", months).put("datacenter", place.number).put("itemtype", item)
    _choices(call, doc, catalogue)
    plans = [plan for plan in catalogue.plans if plan.kind == KINDS[item]]
    doc.add("flist", Node(arrays=frozenset({"val"}))).put("val", "all", key="all")
    rows = []
    for plan in plans:
        left = sold_in(call.tx, plan).get(place.id)
        if left is not None:
            rows.append(_plan_row(call, plan, months, left))
    doc.add("list", table("tariflist", rows))
    return doc


def _plan_row(call: Call, plan: Thing, months: int, left: int) -> Node:
    full = plan.cents * months
    row = scalars(
        {
            "pricelist": plan.number,
            "desc": f"<b>{plan.name}</b><br/>" + "<br/>".join(f"{name}: {value}" for name, value in describe(plan)),
            "price": f"<b>{money(full, 'EUR')}</b> / {period(months, call.lang)}",
            "order_available": flag(left > 0),
        }
    )
    row.add("filter", Node()).put("tag", "all")
    return row


def _choices(call: Call, doc: Doc, catalogue: Catalogue) -> None:
    doc.add("slist", choices("datacenter", ((place.number, place.name) for place in catalogue.locations)))
    doc.add("slist", choices("period", ((str(one), period(one, call.lang)) for one in call.tx.policy.periods)))


@function(*(f"{item}.order.param" for item in KINDS), how=How.PRICED)
def parameter_step(call: Call) -> Doc:
    """The parameters and the price; with ``sok`` the order: into the basket, or with ``skipbasket`` paid at once.

    What was bought with ``skipbasket`` is not told: it is found by its domain (wire: 17, 5).
    """
    item = item_of(call)
    if not call.form.get("pricelist"):
        step = call.form.func
        text = f"You are trying to access the '{step}' step that is currently not available"
        raise Refused("wizard_unavailable", step, text, ("value", step))
    if not call.writes:
        return _parameters(call, item, priced=True)
    wanted = purchases.read_wanted(call, Catalogue(call.tx), item)
    invoice = purchases.buy(call.tx, call.account_id, wanted)
    if call.form.get("skipbasket") == "on":
        purchases.charge(call.tx, call.account_id, invoice)
        return done()
    basket = baskets.put(call.tx, call.account_id, int(invoice["id"]))
    return done(ok="func=basket", billorder=basket)


def _parameters(call: Call, item: str, *, priced: bool) -> Doc:
    """The form of the parameters; for a partial update it stands in ``doc.doc`` (wire: 3.1, 7)."""
    catalogue = Catalogue(call.tx)
    wanted = purchases.read_wanted(call, catalogue, item)
    inner = Doc(attrs={"func": f"{item}.order.param", "lang": call.lang}, form=True)
    inner.put("pricelist", wanted.plan.number).put("datacenter", wanted.place.number).put("period", wanted.months)
    inner.put("ostempl", call.form.get("ostempl") or SYSTEMS[0][0]).put("recipe", NOTHING)
    inner.put("domain", call.form.get("domain")).put("server_name", call.form.get("server_name"))
    inner.put("autoprolong", wanted.auto_months or NOTHING).put("order_count", wanted.count)
    inner.put("licence_agreement", "off")
    add_system_choices(call, inner)
    messages = Node(plain=True)
    for addon in catalogue.addons:
        if addon.kind == wanted.plan.kind:
            name = f"addon_{addon.number}"
            inner.put(name, "1" if addon.id in wanted.addons else "0")
            inner.add("slist", _addon_choice(name, addon))
            messages.put(name, addon.name)
    inner.add("messages", Node()).add("msg", messages)
    auto = [(NOTHING, call.say("Do not renew"))]
    auto += [(str(one), period(one, call.lang)) for one in call.tx.policy.periods]
    inner.add("slist", choices("autoprolong", auto))
    if priced:
        total = purchases.priced(call.tx, call.account_id, wanted)["total"]
        inner.put("orderinfo", f"<p>Total amount: {total['amount']} {total['currency']}</p>")
    if not call.form.get("sv_field"):
        return inner
    doc = Doc(attrs={"func": inner.attrs["func"], "lang": call.lang}, form=True)
    for name in ("pricelist", "orderinfo"):
        found = inner.first(name)
        if found is not None:
            doc.add(name, found)
    doc.add("doc", inner)
    return doc


def add_system_choices(call: Call, doc: Doc) -> None:
    """Operating systems, and recipes, of which there are none."""
    systems = Node(attrs={"name": "ostempl"})
    for key, text, family in SYSTEMS:
        systems.add("val", Node(text, {"key": key, "valuegroup": family}))
    doc.add("slist", systems)
    recipes = Node(attrs={"name": "recipe"})
    for key, _, _ in SYSTEMS:
        recipes.add("val", Node(call.say("-- none --"), {"key": NOTHING, "depend": key}))
    doc.add("slist", recipes)


def _addon_choice(name: str, addon: Thing) -> Node:
    choice = Node(attrs={"name": name})
    choice.add("val", Node("0", {"key": "0", "cost": "0.00"}))
    choice.add("val", Node("1", {"key": "1", "cost": f"{addon.cents / 100:.2f}"}))
    return choice


@function("pricelist.export", open_to=For.ANYBODY)
def export(call: Call) -> Doc:
    """The price list, for everybody (wire: 11.3)."""
    catalogue = Catalogue(call.tx)
    kind = KINDS.get(call.form.get("itemtype"))
    doc = Doc(attrs={"func": "pricelist.export"})
    for plan in catalogue.plans:
        left = sum(sold_in(call.tx, plan).values())
        if plan.kind != kind or (call.form.get("onlyavailable") == "yes" and not left):
            continue
        row = scalars({"id": plan.number, "name": plan.name, "intname": plan.id, "currency": "EUR"})
        for months in call.tx.policy.periods:
            row.put(f"price_{months}", f"{plan.cents * months / 100:.2f}")
        doc.add("elem", row)
    return doc
