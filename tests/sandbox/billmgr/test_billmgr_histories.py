"""Random histories of a basket: whatever is put in, taken out, repriced and paid, the money and the books are right."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from billtui.sandbox.engine.books import check_books
from tests.sandbox.billmgr.kit import Browser, Json, named, sign_in, text
from tests.support.panel import InProcessPanel

STEPS = 25


class History:
    """Somebody who does this and that, and knows what it must have cost."""

    def __init__(self, panel: InProcessPanel, shop: Browser, seed: int) -> None:
        self.panel, self.shop, self.dice = panel, shop, random.Random(seed)
        self.spent = Decimal(0)
        self.paid = 0
        self.lines: list[str] = []

    async def basket(self) -> tuple[str, Decimal, list[Json]]:
        """Its number, its sum, its items."""
        doc = await self.shop.ok("basket")
        items: list[Json] = named(doc["list"], "itemlist").get("elem", [])
        return text(doc["billorder"]), Decimal(text(doc["total_sum"])), items

    async def try_(self, func: str, **fields: str) -> bool:
        """Whether it was done; what it said."""
        doc = await self.shop.doc(func, **fields)
        self.lines.append(f"{func} {fields} → {text(doc['error']['msg']) if 'error' in doc else 'ok'}")
        return "error" not in doc

    async def order(self) -> None:
        wanted = {"pricelist": self.dice.choice(["501", "502", "503"]), "datacenter": self.dice.choice("123")}
        count = str(self.dice.randint(1, 3))
        period = self.dice.choice(["1", "3"])
        await self.try_("vds.order.param", order_count=count, period=period, sok="ok", domain="", **wanted)

    async def prolong(self) -> None:
        rows = await self.shop.rows("vds", filter="on", status="2", p_cnt="500", p_num="1")
        ids = ", ".join(row["id"] for row in self.dice.sample(rows, self.dice.randint(1, 3)))
        await self.try_("service.prolong", elid=ids, period="1", clicked_button="basket", sok="ok")

    async def drop(self) -> None:
        _, _, items = await self.basket()
        if items:
            await self.try_("basket", id=text(self.dice.choice(items)["id"]), clicked_button="delete", sok="ok")

    async def promo(self) -> None:
        await self.try_("basket", promocode=self.dice.choice(["TEN", "ALL", "NONE"]), sok="ok")

    async def clear(self) -> None:
        number, _, _ = await self.basket()
        if number and self.dice.random() < 0.3:
            await self.try_("basket", id=number, clicked_button="clearbasket", sok="ok")

    async def cancel(self) -> None:
        rows = await self.shop.rows("vds", filter="on", status="1", p_cnt="500", p_num="1")
        if rows:
            await self.try_("vds.delete", elid=self.dice.choice(rows)["id"])

    async def pay(self, *, sure: bool = False) -> None:
        number, total, items = await self.basket()
        if items and (sure or self.dice.random() < 0.5):
            pay = {"billorder": number, "clicked_button": "fromsubaccount", "amount": str(total), "sok": "ok"}
            if await self.try_("payment.add.method", **pay):
                self.spent += total
                self.paid += 1

    async def later(self) -> None:
        """At a provider, who may report it, or the payment is deleted."""
        number, _, items = await self.basket()
        if not items or self.dice.random() < 0.6:
            return
        profile = text((await self.shop.ok("payment.add", billorder=number))["profile"])
        ask = {"billorder": number, "paymethod": "2", "profile": profile, "sok": "ok"}
        doc = await self.shop.ok("payment.add.method", **ask)
        if self.dice.random() < 0.5:
            await self.panel.http.post(f"/sandbox/provider/{text(doc['ok']).rsplit('/', 1)[1]}/settle")
        else:
            assert await self.try_("payment.delete", elid=text(doc["payment_id"])), self.lines

    async def check(self, before: Decimal) -> None:
        """What must hold after every step."""
        _, total, items = await self.basket()
        assert sum(Decimal(text(one["cost"])) for one in items) == total, self.lines
        ids = [text(one["item.id"]) for one in items]
        assert len(set(ids)) == len(ids), self.lines
        assert len({text(one["id"]) for one in items}) == len(items)
        assert await self.shop.balance() == before - self.spent, self.lines
        with self.panel.database.read() as tx:
            assert check_books(tx.conn) == [], self.lines


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_done_with_a_basket(panel: InProcessPanel, seed: int) -> None:
    codes = [{"code": "TEN", "percent": "10", "renewals": True}, {"code": "ALL", "percent": "100", "max_uses": 2}]
    assert (await panel.http.post("/sandbox/catalogue", json={"promo_codes": codes})).status_code == 200
    shop = await sign_in(panel)
    history = History(panel, shop, seed)
    before = await shop.balance()
    steps = [history.order, history.prolong, history.drop, history.promo, history.clear, history.cancel]
    for _ in range(STEPS):
        await history.dice.choice([*steps, history.pay, history.later, history.order])()
        await history.check(before)
    await history.order()
    await history.pay(sure=True)
    await history.check(before)
    assert history.paid, history.lines
