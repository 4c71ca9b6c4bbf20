"""Two programs, or two clients of one program, with the same session: they share the panel's one cart."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client import alone
from billtui.client.alone import alone_with
from billtui.client.drivers.acts import Act
from billtui.client.errors import InvalidInput, NotSent
from billtui.client.settings import Write
from billtui.domain.models import OrderCell, OrderRequest
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.fossbilling.conftest import Client
from tests.panels.fossbilling_calls import GUEST
from tests.panels.fossbilling_panel import Fault, FossPanel


def request(plan: int, count: int) -> OrderRequest:
    cell = OrderCell(plan=SafeText(str(plan)), location=SafeText("panel"), quantity=count)
    return OrderRequest(cells=[cell], period=1)


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not seen():  # noqa: ASYNC110 - the panel runs in a thread of its own and sets no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("slow", ["guest/cart/get", "guest/cart/add_item", "client/cart/checkout"])
async def test_what_another_client_puts_into_the_cart_for_a_price_is_never_bought(
    panel: FossPanel, client: Client, slow: str
) -> None:
    """One is about to check out while the other, with the same session, has the cart full of its own wish."""
    async with client(token=None) as buyer:
        session = await buyer.sessions.sign_in(panel.email, SecretStr(panel.password))
        async with client(token=session.token.get_secret_value()) as other:
            mine = await buyer.quotes.order(request(2, 1))
            panel.calls.clear()
            panel.faults[:] = [
                Fault(slow, "slow", seconds=0.3),
                Fault("guest/cart/add_item", "slow", seconds=0.6, skip=4),
            ]
            buying = asyncio.create_task(buyer.purchases.order(mine.id.raw, mine.total, Write("a-key")))
            await until(lambda: slow in panel.calls)
            theirs = await other.quotes.order(request(3, 5))
            await buying
    assert theirs.total == Money("59.50", "USD")
    assert [(len(one.lines), str(one.total)) for one in panel.purchases()] == [(1, "4.50")]


def test_another_program_waits_as_well(tmp_path: Path) -> None:
    """The kernel holds it: a program that is killed holds nothing."""
    code = (
        "import asyncio, sys, pathlib\nfrom billtui.client.alone import alone_with\n"
        "async def main():\n async with alone_with('cart', pathlib.Path(sys.argv[1])):\n"
        "  print('mine', flush=True)\n  await asyncio.sleep(60)\nasyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None and program.stdout.readline() == "mine\n"

        async def wait(seconds: float) -> None:
            async with asyncio.timeout(seconds), alone_with("cart", tmp_path):
                pass

        asyncio.run(wait_other(tmp_path))
        with pytest.raises(TimeoutError):
            asyncio.run(wait(0.3))
        program.kill()
        program.wait()
        asyncio.run(wait(5))


async def wait_other(folder: Path) -> None:
    async with asyncio.timeout(5), alone_with("another cart", folder):
        pass


async def test_whoever_waits_too_long_has_sent_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "PATIENCE", 0.02)
    async with alone_with("cart", tmp_path):
        with pytest.raises(NotSent, match="has this panel's cart in hand"):
            async with alone_with("cart", tmp_path):
                raise AssertionError("both have it")


async def test_a_promo_code_that_the_panel_takes_in_silence_and_does_not_apply_is_said(
    panel: FossPanel, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(GUEST, "guest/cart/apply_promo", lambda asked: True)
    async with client() as mine:
        with pytest.raises(InvalidInput, match="did not take the promo code"):
            await mine.quotes.order(request(2, 1).model_copy(update={"promo_code": SafeText("SAVE10")}))


async def test_what_waits_on_the_panels_own_page_is_not_told_as_paid(panel: FossPanel, client: Client) -> None:
    invoice = str(panel.books.add_invoice())
    wanted = Act("invoice.pay", {"invoice_id": invoice, "method": "Custom"}, Money("4.50", "USD"))
    async with client() as mine:
        before = await mine.outcomes.before(wanted)
        assert before is not None
        finding = await mine.outcomes.found(wanted, before)
    assert (finding.answer or {})["state"] == "pending"
    assert "to be paid" in finding.words
