"""The reference panel as tests use it: a process of its own behind a real port.

``sandbox_server`` is shared by a session's tests; what a test changes stays, so tests choose their own objects.
``own_sandbox`` makes as many as a test wants, for those who kill, restart, break or advance it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from tests.support import warm_panels
from tests.support.warm_panels import WarmProcess

START_SECONDS = 60
"""To start within, and a minute more for each 20,000 orders to be seeded."""
Json = dict[str, Any]


@dataclass
class SandboxProcess:
    """A running ``python -m billtui.sandbox``; started by :meth:`start`, ended by :meth:`stop` or :meth:`kill`."""

    db: Path
    fleet: int = 40
    seed: int = 1
    hostile: bool = False
    port: int = 0
    url: str = ""
    accounts: list[Json] = field(default_factory=list)
    process: subprocess.Popen[str] | WarmProcess | None = None
    warm: bool = True
    """Whether it is forked from a process that has everything loaded, where the system can do that."""

    def start(self) -> SandboxProcess:
        """Start it and wait for its first line. The port is kept over restarts."""
        arguments = ["--json", "--until-eof", "--port", str(self.port), "--db", str(self.db)]
        arguments += ["--fleet", str(self.fleet), "--seed", str(self.seed)]
        arguments += ["--hostile"] if self.hostile else []
        errors = self.db.with_suffix(".stderr")
        with errors.open("a") as stderr:
            if warm_panels.POSSIBLE and self.warm:
                self.process = warm_panels.start(arguments, stderr.fileno())
            else:
                command = [sys.executable, "-m", "billtui.sandbox", *arguments]
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True
                )
        assert self.process.stdout is not None
        watchdog = threading.Timer(START_SECONDS + self.fleet * 60 / 20_000, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise RuntimeError(f"the sandbox did not start: {errors.read_text()[-2000:]}")
        hello = json.loads(line)
        self.url = hello["url"]
        self.accounts = hello["accounts"]
        self.port = urlsplit(self.url).port or 0
        return self

    @property
    def pid(self) -> int:
        """The process id of the running sandbox."""
        assert self.process is not None
        return self.process.pid

    def account(self, role: str = "client", number: int = 0) -> Json:
        """The ``number``-th account of a role, as the first line names it."""
        return [account for account in self.accounts if account["role"] == role][number]

    def stop(self, timeout: float = 10) -> int:
        """End it by SIGTERM; its exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self._gone(timeout)

    def kill(self) -> None:
        """End it by SIGKILL, in the middle of whatever it does."""
        if self.process is not None:
            self.process.kill()
            self._gone(10)

    def restart(self) -> None:
        """The same database on the same port, as after a crash or a reboot."""
        self.kill()
        self.start()

    def _gone(self, timeout: float) -> int:
        process = self.process
        assert process is not None
        code = process.wait(timeout)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self.process = None
        return code

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: Json | None = None
    ) -> tuple[int, Json]:
        """One request over a fresh connection, by the standard library: (status, JSON or ``{}``)."""
        status, _, content = self.raw(method, path, body, token=token, headers=headers)
        return status, cast("Json", json.loads(content)) if content else {}

    def raw(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: Json | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """As :meth:`call`: (status, headers in small letters, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {"Content-Type": "application/json"} if body is not None else {}
            sent |= {"Authorization": f"Bearer {token}"} if token else {}
            connection.request(
                method, path, json.dumps(body).encode() if body is not None else None, sent | (headers or {})
            )
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def sign_in(self, login: str | None = None) -> str:
        """A token of that login (the first client without one), over the wire."""
        account = self.accounts[0] if login is None else next(a for a in self.accounts if a["login"] == login)
        body = {"login": account["login"], "password": account["password"]}
        if "totp_secret" in account:
            import pyotp

            body["totp"] = pyotp.TOTP(account["totp_secret"]).now()
        status, answer = self.call("POST", "/api/v1/sessions", body)
        assert status == 201, answer
        return str(answer["token"])

    def faults(self, *faults: Json, seed: int = 0) -> None:
        """Replace the faults; none ends them. ``faults({"kind": "drop-after", "times": 1, "path": "/invoices"})``."""
        status, answer = self.call("POST", "/sandbox/faults", {"seed": seed, "faults": list(faults)})
        assert status == 200, answer

    def fault_strikes(self) -> list[int]:
        """How often each fault struck so far."""
        return [fault["strikes"] for fault in self.call("GET", "/sandbox/faults")[1]["faults"]]

    def advance(self, *, seconds: int = 0, hours: int = 0, days: int = 0) -> str:
        """Let time pass on the panel; its new instant."""
        total = seconds + hours * 3600 + days * 86_400
        status, answer = self.call("POST", "/sandbox/clock", {"advance": total})
        assert status == 200, answer
        return str(answer["now"])

    def mail(self) -> list[Json]:
        """Every mail so far, oldest first."""
        return cast("list[Json]", self.call("GET", "/sandbox/mail")[1]["items"])

    def ledger(self) -> list[Json]:
        """Every movement of money so far."""
        return cast("list[Json]", self.call("GET", "/sandbox/ledger")[1]["items"])

    def check_books(self) -> list[str]:
        """What is wrong with the books: debits and credits, payments and renewals."""
        return cast("list[str]", self.call("GET", "/sandbox/ledger?check=true")[1]["problems"])

    def settle(self, payment_id: str, event_id: str | None = None) -> Json:
        """Play the external provider for a payment."""
        body = {"event_id": event_id} if event_id else {}
        status, answer = self.call("POST", f"/sandbox/provider/{payment_id}/settle", body)
        assert status == 200, answer
        return answer


@contextlib.contextmanager
def sound_panel(database: Path, **options: Any) -> Iterator[SandboxProcess]:
    """A panel that several tests share; its books are right at the end."""
    server = SandboxProcess(database, **options).start()
    try:
        yield server
        server.faults()
        assert server.check_books() == []
    finally:
        server.kill()


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for all tests of a worker; its books are checked at the end."""
    with sound_panel(tmp_path_factory.mktemp("sandbox") / "panel.db") as server:
        yield server


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[Callable[..., SandboxProcess]]:
    """``own_sandbox(fleet=…, seed=…)`` starts one of the test's own; the books of those that still run are checked."""
    started: list[SandboxProcess] = []

    def start(**options: Any) -> SandboxProcess:
        server = SandboxProcess(tmp_path / f"panel-{len(started)}.db", **options)
        started.append(server)
        return server.start()

    try:
        yield start
        for server in started:
            if server.process is not None and server.process.poll() is None:
                server.faults()
                assert server.check_books() == []
    finally:
        for server in started:
            server.kill()
