"""Running the command line: in this process for most tests, as a process of its own where that is the point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from billtui.cli import main
from tests.support.sandbox import SandboxProcess, sound_panel

PASSWORD = "demo-fleet-2026"
ENTRY = "import sys; from billtui.cli import main; sys.exit(main())"
SECONDS = 60
Json = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """The document on stdout."""
        document: Json = json.loads(self.out)
        assert document["schema"] == 1
        return document

    @property
    def error(self) -> Json:
        """The error on stderr: its last line."""
        found: Json = json.loads(self.err.strip().splitlines()[-1])
        assert found["schema"] == 1
        assert {"code", "detail", "rule", "retryable"} <= found.keys()
        return found


class Cli:
    """Commands against one panel, as one login, with the password in the environment."""

    def __init__(
        self, sandbox: SandboxProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.sandbox = sandbox
        self.login = str(sandbox.accounts[0]["login"])
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str, login: str | None = None, password: str | None = PASSWORD) -> Result:
        """Run ``billtui --url … --login … ARGUMENTS`` in this process."""
        if password is not None:
            self._monkeypatch.setenv("BILLTUI_PASSWORD", password)
        return self.plain("--url", self.sandbox.url, "--login", login or self.login, *arguments)

    def plain(self, *arguments: str) -> Result:
        """Run ``billtui ARGUMENTS`` in this process."""
        self._capsys.readouterr()
        code = main(list(arguments))
        said = self._capsys.readouterr()
        return Result(code, said.out, said.err)

    def json(self, *arguments: str, code: int = 0, **options: Any) -> Json:
        """With ``--json``: the document, after checking the exit code."""
        result = self(*arguments, "--json", **options)
        assert result.code == code, result
        return result.json

    def orders(self, *filters: str) -> list[Json]:
        """Orders as ``orders list`` gives them."""
        items: list[Json] = self.json("orders", "list", *filters)["items"]
        return items

    def order(self, order_id: str) -> Json:
        """One order in full."""
        found: Json = self.json("orders", "show", f"id:{order_id}")["order"]
        return found

    @property
    def bill(self) -> str:
        """The id of the open invoice of order 16; ids depend on the day of sowing, so no test writes one down."""
        return str(self.order("16")["unpaid_invoice_id"])

    def invoice(self, invoice_id: str) -> Json:
        """One invoice in full."""
        found: Json = self.json("invoices", "show", f"id:{invoice_id}")["invoice"]
        return found

    def internal(self) -> str:
        """The internal balance."""
        amount: str = self.json("balance")["internal"]["amount"]
        return amount

    def renewable(self, count: int = 1) -> list[Json]:
        """Running orders that no invoice blocks, the soonest end first."""
        found = [
            one
            for one in self.orders("--state", "active")
            if one["unpaid_invoice_id"] is None and one["kind"] == "vds" and one["transfer_id"] is None
        ]
        assert len(found) >= count
        return found[:count]

    def issue(self, *order_ids: str) -> Json:
        """An unpaid renewal invoice."""
        refs = [f"id:{one}" for one in order_ids or [self.renewable()[0]["id"]]]
        job = self.json("orders", "renew", *refs, "--period", "1", "--yes")["job"]
        answer: Json = job["operations"][0]["answer"]
        found: Json = answer.get("invoice", answer)
        return found


def environment(**more: str) -> dict[str, str]:
    """The environment of a command's own process: the test's directories, nothing of the developer's."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    inherited |= {name: value for name, value in os.environ.items() if name.startswith("BILLTUI_")}
    return {**inherited, "LANG": "C.UTF-8", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **more}


def process(
    *arguments: str,
    stdin: str | None = None,
    seconds: float = SECONDS,
    variables: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Result:
    """Run ``billtui ARGUMENTS`` as a process without a terminal; a hang fails the test."""
    done = subprocess.run(
        [sys.executable, "-c", ENTRY, *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment(**(variables or {})),
        cwd=cwd,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def command_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A panel that a module's tests share; its books are checked at the end."""
    with sound_panel(tmp_path_factory.mktemp("panel") / "panel.db") as server:
        yield server


@pytest.fixture
def cli(
    command_panel: SandboxProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cli]:
    """The command line as the first client; no fault outlives a test."""
    yield Cli(command_panel, capsys, monkeypatch)
    command_panel.faults()


@pytest.fixture
def own_cli(
    own_sandbox: Callable[..., SandboxProcess],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Cli]:
    """``own_cli(fleet=…)``: the command line on a panel of the test's own."""
    return lambda **options: Cli(own_sandbox(**options), capsys, monkeypatch)
