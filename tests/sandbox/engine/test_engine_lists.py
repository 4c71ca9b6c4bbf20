"""Lists by keyset: filters, sorting, stability, cursors."""

from __future__ import annotations

import pytest

from billtui.sandbox.engine import balance, orders
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.engine.wire import OrderJSON
from tests.support.engine import World


def everything(world: World, sort: str, limit: int = 7, **filters: list[str]) -> list[OrderJSON]:
    found: list[OrderJSON] = []
    cursor: str | None = None
    while True:
        query = ListQuery(limit, cursor, sort, None, filters)
        page = world.read(orders.list_orders, world.account, query)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            assert len(found) == page["total"]
            return found


@pytest.mark.parametrize("name", sorted(orders.LISTING.sorts))
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_sort_walks_every_row_once(world: World, name: str, sign: str) -> None:
    """Pages of seven hold every order once, in order, and the reverse is the reverse."""
    ids = [item["id"] for item in everything(world, sign + name)]
    assert len(ids) == len(set(ids)) == world.value("SELECT count(*) FROM orders WHERE account_id = ?", world.account)
    other = "" if sign else "-"
    assert [item["id"] for item in everything(world, other + name)] == ids[::-1]


def test_rows_that_come_and_go_move_nothing(world: World) -> None:
    """Keyset, not offset: what is renamed before the cursor neither repeats nor hides a row."""
    first = world.read(lambda tx: orders.list_orders(tx, world.account, ListQuery(10, sort="name")))
    seen = [item["id"] for item in first["items"]]
    world.write(lambda tx: orders.rename(tx, world.account, seen[0], "zzzz"))
    rest: list[str] = []
    cursor = first["next_cursor"]
    while cursor is not None:
        query = ListQuery(10, cursor, "name")
        page = world.read(orders.list_orders, world.account, query)
        rest += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen + rest) == sorted([item["id"] for item in everything(world, "id")] + [seen[0]])


def test_filters(world: World) -> None:
    """By field, several values of one field, both ends of the paid period, words in name, address and id."""
    rows = everything(world, "id")
    some = everything(world, "id", location=["nl", "de"], plan=["vds-micro"])
    assert [one["id"] for one in some] == [
        one["id"] for one in rows if one["location"] in ("nl", "de") and one["plan"] == "vds-micro"
    ]
    limit = "2026-03-20T00:00:00Z"
    early = everything(world, "paid_until", expires_before=[limit])
    assert {one["id"] for one in early} == {
        one["id"] for one in rows if one["paid_until"] and one["paid_until"] < limit
    }
    assert len(everything(world, "id", expires_after=[limit])) + len(early) == len(rows)
    assert all(one["auto_renew"]["on"] for one in everything(world, "id", auto_renew=["on"]))
    assert all(one["unpaid_invoice_id"] for one in everything(world, "id", open_invoice=["yes"]))
    assert everything(world, "id", state=["nothing-like-it"]) == []
    target = rows[3]
    query = ListQuery(q=f"{target['name'].upper()} {target['address']}")
    assert [one["id"] for one in world.read(lambda tx: orders.list_orders(tx, world.account, query))["items"]] == [
        target["id"]
    ]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        (ListQuery(limit=0), "limit"),
        (ListQuery(limit=501), "limit"),
        (ListQuery(sort="password"), "sort"),
        (ListQuery(filters={"no-such": ["x"]}), "no-such"),
        (ListQuery(filters={"expires_before": ["yesterday"]}), "expires_before"),
        (ListQuery(filters={"auto_renew": ["maybe"]}), "auto_renew"),
        (ListQuery(cursor="garbage"), "cursor"),
        (ListQuery(cursor="W10"), "cursor"),
        (ListQuery(cursor="WyJuYW1lIiwieCIsMV0", sort="id"), "cursor"),
        (ListQuery(cursor="WyJpZCIsW10sMV0"), "cursor"),
    ],
)
def test_bad_queries_say_what_is_bad(world: World, query: ListQuery, where: str) -> None:
    """422 with the field."""
    with pytest.raises(InvalidInput) as refused:
        world.read(lambda tx: orders.list_orders(tx, world.account, query))
    assert where in refused.value.fields


def test_list_items_refuse_what_the_detail_refuses(world: World) -> None:
    """ORD-7: the pattern by situation gives exactly what the rules say of each order, now and weeks later."""
    for days in (0, 9, 14, 30):
        world.advance(days=days)
        situations = set()
        for item in everything(world, "id"):
            detail = world.order(item["id"])["actions"]
            refused = [{key: one[key] for key in ("action", "code", "related")} for one in detail if not one["allowed"]]
            assert item["actions"] == refused
            situations.add((item["state"], item["unpaid_invoice_id"] is None))
        assert len(situations) >= 3


def test_the_ledger_shows_the_own_purses_only(world: World) -> None:
    """INV-1, ACC-4: signed lines, newest first; the other side of the books is not the client's."""
    page = world.read(lambda tx: balance.ledger_page(tx, world.account, ListQuery(500)))
    assert {line["purse"] for line in page["items"]} == {"internal", "affiliate"}
    assert [int(line["id"]) for line in page["items"]] == sorted(
        (int(line["id"]) for line in page["items"]), reverse=True
    )
    asked = ListQuery(filters={"purse": ["revenue"]})
    assert world.read(lambda tx: balance.ledger_page(tx, world.account, asked))["items"] == []
