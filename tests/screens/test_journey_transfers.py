"""Two programs, two accounts: servers change hands by keys, with what is in the way, both bills and the mails."""

from __future__ import annotations

import pytest

from tests.support.driving import Program
from tests.support.handing_over import RECIPIENT, SENDER, both, free_orders, give, links, push

SIZES = [(80, 24), (140, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_two_orders_change_hands(program: Program, size: tuple[int, int]) -> None:
    panel, other = program.panel(), program.panel(RECIPIENT)
    ids = [one["id"] for one in free_orders(panel, 2)]
    async with both(program, size) as (sender, recipient):
        await push(sender, *ids)
        await give(sender, "\n".join(links(program.sandbox, SENDER, "Order Transfer Confirmation")))
        await sender.finished(2)
        await sender.go("8", "TransfersScreen")
        await recipient.go("8", "TransfersScreen")
        await recipient.sees("you accept")
        await recipient.press("*", "a")
        await give(recipient, "\n".join(links(program.sandbox, RECIPIENT, "Order Acceptance Confirmation")))
        await recipient.finished(1)
        await sender.until(lambda: not sender.app.session.store.order_rows(ids), "the orders to go")
        await recipient.until(lambda: len(recipient.app.session.store.order_rows(ids)) == 2, "the orders to come")
        assert [other.order(one)["id"] for one in ids] == ids
