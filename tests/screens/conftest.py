"""One reference panel for all screens' tests, sown anew before each of them; its books are checked after each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from billtui.screens import waits
from billtui.terminal import typing_gate
from tests.support.driving import Program
from tests.support.sandbox import SandboxProcess
from tests.support.slow_relay import SlowRelay
from tests.support.waiting import SOON


@pytest.fixture(scope="session")
def screens_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The process; tests take :func:`program`."""
    server = SandboxProcess(tmp_path_factory.mktemp("screens") / "panel.db").start()
    try:
        yield server
    finally:
        server.kill()


def sow(server: SandboxProcess, fleet: int = 40) -> None:
    """Begin anew: another panel id, no faults, the seed's fleet, the real time."""
    if server.process is None or server.process.poll() is not None:
        server.start()
    status, answer = server.call("POST", "/sandbox/reset", {"fleet": fleet, "seed": 1, "tickets": 0})
    assert status == 200, answer
    server.accounts = answer["items"]


@pytest.fixture
def program(screens_panel: SandboxProcess, tmp_path: Path) -> Iterator[Program]:
    """Programs on a freshly sown panel."""
    sow(screens_panel)
    yield Program(screens_panel, tmp_path)
    if screens_panel.process is None or screens_panel.process.poll() is not None:
        screens_panel.start()
    screens_panel.faults()
    assert screens_panel.check_books() == []


@pytest.fixture
def large_program(screens_panel: SandboxProcess, tmp_path: Path) -> Program:
    """Programs on a panel with 10,000 orders."""
    sow(screens_panel, fleet=10_000)
    return Program(screens_panel, tmp_path)


@pytest.fixture
def shown_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for is shown sooner than to a person; and keys wait less long for what a command opens."""
    monkeypatch.setattr(waits, "SHOWN_AFTER", SOON)
    monkeypatch.setattr(typing_gate, "PATIENCE", 2 * SOON)


@pytest.fixture
def relay(screens_panel: SandboxProcess, program: Program) -> Iterator[SlowRelay]:
    """Before the freshly sown panel."""
    with SlowRelay(screens_panel.port) as relay:
        yield relay


@pytest.fixture
def slow(relay: SlowRelay, program: Program, tmp_path: Path) -> Program:
    """Programs whose panel is behind the relay."""
    return Program(replace(program.sandbox, url=relay.url), tmp_path)
