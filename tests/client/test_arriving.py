"""Pages that arrive: the next one is asked for before this one is read; what was guessed wrongly is never taken."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from billtui.client.drivers.billing_v1.reading import cursor_guess
from billtui.client.errors import BadAnswer
from billtui.client.unread import UnreadPage
from billtui.domain.models import Order, Page
from tests.client.client_kit import Connect
from tests.client.panel_stub import Line, PanelStub, Script, Seen, answer
from tests.client.wire_objects import order, page
from tests.support.sandbox import SandboxProcess


def cursor_of(seen: Seen) -> str:
    return parse_qs(urlsplit(seen.target).query).get("cursor", [""])[0]


def lists(pages: dict[str, Any]) -> Script:
    """Answers with the page that begins at the cursor asked for."""

    async def script(seen: Seen, line: Line) -> None:
        await line.send(answer(pages[cursor_of(seen)]))

    return script


async def begin(unread: UnreadPage[Order]) -> Page[Any]:
    try:
        return unread.reader.head(unread.body)
    except ValueError as error:
        raise unread.unusable(error) from None


async def test_each_page_once_and_the_next_one_is_on_its_way_meanwhile(connect: Connect) -> None:
    pages = {"": page([order()], "a"), "a": page([order()], "b"), "b": page([order()])}
    async with PanelStub(lists(pages)) as panel, connect(panel.url) as client:

        async def after_the_next_was_asked_for(unread: UnreadPage[Order]) -> Page[Any]:
            found = await begin(unread)
            if found.next_cursor is not None:
                async with asyncio.timeout(20):
                    while not any(cursor_of(seen) == found.next_cursor for seen in panel.seen):  # noqa: ASYNC110
                        await asyncio.sleep(0.001)
            return found

        async with aclosing(client.orders.arriving(after_the_next_was_asked_for, limit=1)) as arriving:
            found = [one.next_cursor async for one in arriving]
        assert found == ["a", "b", None]
        assert [cursor_of(seen) for seen in panel.seen] == ["", "a", "b"]


async def test_a_wrong_guess_is_not_believed(connect: Connect) -> None:
    first = page([order()], "right") | {"zz": {"next_cursor": "wrong"}}
    pages = {"": first, "wrong": page([order(), order()]), "right": page([order()])}
    async with PanelStub(lists(pages)) as panel, connect(panel.url) as client:
        async with aclosing(client.orders.arriving(begin, limit=1)) as arriving:
            found = [(one.next_cursor, one.count) async for one in arriving]
        assert found == [("right", 1), (None, 1)]
        assert cursor_of(panel.seen[-1]) == "right"


async def test_a_circle_ends(connect: Connect) -> None:
    pages = {"": page([order()], "a"), "a": page([order()], "a")}
    async with PanelStub(lists(pages)) as panel, connect(panel.url) as client:
        with pytest.raises(BadAnswer, match="circle"):
            async with aclosing(client.orders.arriving(begin, limit=1)) as arriving:
                async for _ in arriving:
                    pass
        assert len(panel.seen) <= 3


async def test_every_list_of_the_panel_arrives_whole(connect: Connect, sandbox_server: SandboxProcess) -> None:
    sandbox_server.faults()

    found: list[str] = []

    async def read(unread: UnreadPage[Any]) -> Page[Any]:
        head = unread.reader.head(unread.body)
        found.extend(one.id.raw for one in unread.reader.rows(head.items))
        return head

    async with connect(sandbox_server.url, token=sandbox_server.sign_in(), read_deadline=20) as client:
        await client.account.me()
        for arriving, pages in (
            (client.orders.arriving(read, limit=11), client.orders.pages()),
            (client.invoices.arriving(read, limit=50), client.invoices.pages()),
            (client.transfers.arriving(read, limit=1), client.transfers.pages()),
            (client.tickets.arriving(read, limit=5, sort="created_at"), client.tickets.pages(sort="created_at")),
        ):
            found.clear()
            async with aclosing(arriving):
                assert len([page.count async for page in arriving]) > 1
            assert found == [one.id.raw async for page in pages for one in page.items]


async def test_what_is_left_in_the_middle_leaves_nothing_running(connect: Connect) -> None:
    pages = {"": page([order()], "a"), "a": page([order()], "b"), "b": page([order()], "c"), "c": page([order()])}
    async with PanelStub(lists(pages)) as panel, connect(panel.url) as client:
        before = asyncio.all_tasks()
        async with aclosing(client.orders.arriving(begin, limit=1)) as arriving:
            async for _ in arriving:
                break
        assert {task for task in asyncio.all_tasks() - before if "ask" in repr(task.get_coro())} == set()


@pytest.mark.parametrize(
    ("body", "guess"),
    [
        (b'{"items": [], "next_cursor": "abc=", "total": 3}', "abc="),
        (b'{"next_cursor":"abc","items":[' + b"1," * 5_000 + b"1]}", "abc"),
        (b'{"items": [], "next_cursor": null}', None),
        (b'{"items": ["\\"next_cursor\\": \\"x\\""]}', None),
        (b'{"items": [], "next_cursor": "a\\u0062"}', None),
        (b'{"items": [], "next_cursor": "\xd1\x8f"}', None),
        (b"", None),
    ],
)
def test_guesses(body: bytes, guess: str | None) -> None:
    assert cursor_guess(body) == guess
