"""What there is: the functions of the menu, from which clients learn the lists of services (wire: 8.2; 17, 3)."""

from __future__ import annotations

from billtui.domain import roles
from billtui.sandbox.billmgr.call import FUNCTIONS, Call, For, function
from billtui.sandbox.billmgr.catalogue import ITEM_TYPES
from billtui.sandbox.billmgr.nodes import Doc, Node
from billtui.sandbox.billmgr.quirks import RENAMED, Quirk

_CLIENT = (
    ("mainmenufinance", ("payment", "expense", "basket", "order", "profile")),
    ("customersupport", ("clientticket", "clientticket_archive")),
    ("stat", ("dashboard.info", "notify")),
    ("usersettings", ("usrparam",)),
)
_STAFF = (("customersupport", ("ticket", "ticket_all")), ("usersettings", ("usrparam",)))


@function("menu", open_to=For.SIGNED_IN)
def menu(call: Call) -> Doc:
    """The menu: a node for each group, within it a node for each function."""
    assert call.who is not None
    doc = Doc(attrs={"func": "menu", "lang": call.lang})
    main = doc.add("mainmenu", Node())
    staff = call.who.caller.role in roles.STAFF
    if not staff:
        kinds = [kind for (kind,) in call.tx.sql("SELECT DISTINCT kind FROM plans ORDER BY kind DESC")]
        services = [ITEM_TYPES[kind] for kind in kinds if kind in ITEM_TYPES]
        if Quirk.RENAMED_LIST in call.quirks:
            services.insert(0, RENAMED)
        _group(main, "mainmenuservice", services)
    for name, functions in _STAFF if staff else _CLIENT:
        _group(main, name, [one for one in functions if one in FUNCTIONS])
    return doc


def _group(main: Node, name: str, functions: list[str]) -> None:
    group = main.add("node", Node(attrs={"name": name}))
    for one in functions:
        kind = "form" if one in ("basket", "usrparam") else "list"
        group.add("node", Node(attrs={"name": one, "action": one, "type": kind}))
