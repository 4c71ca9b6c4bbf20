"""Scenes; each test's own host, all on one panel, which lies outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.secrecy.canaries import Canaries
from tests.secrecy.scene import Scene
from tests.secrecy.watching import ProcessWatch
from tests.secrecy.wiretap import Wiretap
from tests.support.sandbox import SandboxProcess


@pytest.fixture(scope="session")
def secrecy_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The panel's process; tests take :func:`scene`."""
    server = SandboxProcess(tmp_path_factory.mktemp("secrecy") / "panel.db").start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def scene(
    secrecy_panel: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_environment: Path
) -> Iterator[Scene]:
    """A host of the test's own, and a freshly sown panel."""
    status, answer = secrecy_panel.call("POST", "/sandbox/reset", {"fleet": 40, "seed": 1})
    assert status == 200
    secrecy_panel.accounts = answer["items"]
    home = tmp_path / "home"
    (home / "tmp").mkdir(parents=True)
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"BILLTUI_{kind}_DIR", str(home / "billtui" / kind.lower()))
    canaries = Canaries()
    with Wiretap(secrecy_panel.port, canaries) as tap, ProcessWatch(canaries) as watch:
        yield Scene(home, secrecy_panel, canaries, tap, watch)
