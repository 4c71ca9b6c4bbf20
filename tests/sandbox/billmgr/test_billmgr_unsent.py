"""A form that is not sent changes nothing: every function, without ``sok`` and with ``sv_field``, over the whole file.

What the panel remembers of lists and what was read is no business; nor is when a session was last used.
"""

from __future__ import annotations

from typing import Any

import pytest

from billtui.sandbox.billmgr.call import FUNCTIONS, For, How
from billtui.sandbox.billmgr.endpoint import functions
from tests.sandbox.billmgr.kit import Browser, sign_in, text
from tests.support.panel import InProcessPanel

QUIET = {"billmgr_memory", "billmgr_sessions", "sessions", "login_failures", "panel"}
SIGN_IN = {"auth", "totp.confirm"}
FORMS = sorted(name for name, one in FUNCTIONS.items() if one.how is not How.ACT and name not in SIGN_IN)


def content(panel: InProcessPanel) -> dict[str, Any]:
    """Every row of every table."""
    with panel.database.read() as tx:
        tables = [name for (name,) in tx.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: tx.sql(f"SELECT * FROM {name} ORDER BY rowid").fetchall()
            for name in tables
            if name not in QUIET and not name.startswith("sqlite_")
        }


async def fields_of(shop: Browser, desk: Browser) -> dict[str, str]:
    """Values that would do something, were they sent."""
    service = next(row for row in await shop.rows("vds", p_num=1, p_cnt=500) if row["status"] == "2")
    payment = (await shop.rows("payment", filter="on", status="1", p_num=1, p_cnt=500))[0]
    await shop.ok("vds.order.param", pricelist="501", datacenter="1", period="1", sok="ok")
    basket = text((await shop.ok("basket"))["billorder"])
    assert functions.__all__
    return {
        "elid": service["id"],
        "period": "1",
        "order_period": "1",
        "pricelist": "501",
        "datacenter": "1",
        "faction": "service.prolong",
        "clicked_button": "basket",
        "domain": "x.example",
        "autoprolong": "6",
        "billorder": basket,
        "paymethod": "1",
        "amount": "10",
        "id": basket,
        "promocode": "WELCOME10",
        "subject": "x",
        "message": "x",
        "client_department": "12",
        "passwd": "x",
        "confirm": "x",
        "lang": "ru",
        "skipbasket": "on",
        "paymethod_id": "0",
        "addon_12": "1",
        "payment": payment["id"],
        "status": "4",
    }


@pytest.mark.parametrize("more", [{}, {"sok": "ok", "sv_field": "period"}], ids=["without sok", "with sv_field"])
async def test_nothing_changes(panel: InProcessPanel, more: dict[str, str]) -> None:
    shop, desk = await sign_in(panel), await sign_in(panel, "support")
    fields = await fields_of(shop, desk)
    before = content(panel)
    for name in FORMS:
        browser = desk if FUNCTIONS[name].open_to is For.STAFF else shop
        answer = await browser.raw(name, **{**fields, **more})
        assert answer.status_code == 200, name
        assert content(panel) == before, name


async def test_actions_do_nothing_either_while_they_are_only_computed(panel: InProcessPanel) -> None:
    shop, desk = await sign_in(panel), await sign_in(panel, "support")
    fields = await fields_of(shop, desk)
    before = content(panel)
    for name in sorted(name for name, one in FUNCTIONS.items() if one.how is How.ACT and one.open_to is For.CLIENTS):
        await shop.raw(name, **{**fields, "sv_field": "elid"})
        assert content(panel) == before, name


async def test_clients_and_staff_get_at_their_own_functions_only(panel: InProcessPanel) -> None:
    shop, desk = await sign_in(panel), await sign_in(panel, "support")
    for name, one in FUNCTIONS.items():
        if one.open_to is For.CLIENTS:
            assert await desk.error(name) == ("access", "func"), name
        if one.open_to is For.STAFF:
            assert await shop.error(name) == ("access", "func"), name
        if one.open_to is not For.ANYBODY:
            assert await Browser(panel.http).error(name) == ("access", "func"), name
