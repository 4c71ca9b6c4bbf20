"""FOSSBilling's stand-in is killed by SIGKILL once a payment stands in its books and before anybody is answered.

It is started again with the same books, as a panel with a database comes back: what became of it is told rightly, and
nothing is paid twice.
"""

from __future__ import annotations

import pickle
import signal
import socket
import subprocess
import sys
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.config.profiles import make_profile
from billtui.config.secret_sources import Credential
from billtui.services.executor import Limits, executor
from billtui.services.journal import OperationState
from tests.panels.fossbilling_books import Books
from tests.panels.fossbilling_panel import FossPanel
from tests.support.driving import Pocket, Program

RENEW = "client/invoice/renewal_invoice"


class Killed:
    """The stand-in as a process of its own, whose books outlive it."""

    def __init__(self, root: Path) -> None:
        self.file = root / "books"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[str] | None = None

    def start(self, *faults: str) -> None:
        words = ["--port", str(self.port), "--books", str(self.file)]
        words += [word for fault in faults for word in ("--fault", fault)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.panels.fossbilling_panel", *words], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith(f"http://127.0.0.1:{self.port}")

    def ended(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()

    @property
    def books(self) -> Books:
        books = pickle.loads(self.file.read_bytes())[0]
        assert isinstance(books, Books)
        return books

    def renewals(self, order: str) -> int:
        lines = [line for one in self.books.invoices.values() for line in one.lines]
        return sum(line.task == "renew" and line.order == int(order) for line in lines)


async def test_a_panel_killed_before_its_answer_comes_back_and_nothing_is_paid_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "Limits", partial(Limits, looks=40))
    panel = Killed(tmp_path)
    panel.start(f"{RENEW}=kill")
    try:
        url, known = f"http://127.0.0.1:{panel.port}", FossPanel()
        sandbox: Any = SimpleNamespace(url=url, accounts=[{"login": known.email, "password": known.password}])
        profile = make_profile(name="house", url=url, login=known.email, kind="fossbilling")
        pocket = Pocket(Credential("token", SecretStr(known.api_key), "test"))
        orders = ["1", "4"]  # both are billed by the month
        async with Program(sandbox, tmp_path).open(profile=profile, credentials=pocket, login=known.email) as driver:
            await driver.go("3", "OrdersScreen")
            await driver.mark(*orders)
            await driver.press("R")
            await driver.on("ChoiceDialog")
            await driver.choose("1")
            await driver.on("RenewalDialog")
            await driver.choose("internal")
            await driver.on("ConfirmPlan")
            await driver.confirm()
            await driver.until(lambda: panel.ended() is not None, "the panel to be killed")
            assert panel.ended() == -signal.SIGKILL
            assert sum(panel.renewals(one) for one in orders) == 1  # it stands in the books, and nobody was told
            await driver.hears("the answer was lost")
            panel.start()
            job = await driver.finished()
            assert set(job.counts) == {OperationState.DONE}
        assert [panel.renewals(one) for one in orders] == [1, 1]
        books = panel.books
        spent = -sum((one.amount for one in books.ledger), Decimal(0))
        assert spent == sum((books.orders[int(one)].total for one in orders), Decimal(0))
        assert books.balance == Decimal("141.00") - spent
    finally:
        panel.end()
