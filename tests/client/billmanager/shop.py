"""The reference panel's own records, and purchases through its dialect."""

from __future__ import annotations

from typing import Any

from billtui.client import BillingClient
from billtui.domain.models import (
    Invoice,
    Order,
    OrderCell,
    OrderState,
)
from tests.client.billmanager.kit import write
from tests.support.sandbox import SandboxProcess


def truth(shop: SandboxProcess, path: str, **query: Any) -> list[dict[str, Any]]:
    """A whole list by the sandbox's own interface."""
    token, found, cursor = shop.sign_in(), [], ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        status, page = shop.call("GET", f"/api/v1{path}?limit=500{more}", token=token)
        assert status == 200
        found += page["items"]
        cursor = page.get("next_cursor") or ""
        if not cursor:
            return found


async def renewable(client: BillingClient, count: int, skip: int = 0) -> list[Order]:
    """Active servers that a renewal of a month prices."""
    found = [one async for one in client.orders.iterate() if one.state == OrderState.ACTIVE]
    quote = await client.quotes.renewal([one.id for one in found[skip:]], 1)
    ids = {line.order_id.raw for line in quote.lines if line.order_id}
    chosen = [one for one in found if one.id.raw in ids][:count]
    assert len(chosen) == count
    return chosen


async def in_basket(client: BillingClient, orders: list[Order], months: int = 1) -> Invoice:
    quote = await client.quotes.renewal([one.id for one in orders], months)
    assert not quote.excluded
    return await client.purchases.renew(quote.id, quote.total, write())


# -- new servers


async def _cells(client: BillingClient, counts: tuple[int, ...]) -> list[OrderCell]:
    stock = [one for one in await client.catalogue.stock() if one.available]
    plan = (await client.catalogue.plans())[0].id
    places = [one.location for one in stock if one.plan == plan][: len(counts)]
    return [OrderCell(plan=plan, location=one, quantity=count) for one, count in zip(places, counts, strict=True)]
