"""Every test runs with its own directories and without the developer's configuration, secrets or proxy."""

from __future__ import annotations

import contextlib
import gc
import importlib
import itertools
import os
import re
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import slow_hashes

pytest_plugins = ("tests.support.sandbox", "tests.support.panel", "tests.support.engine", "tests.support.command_line")

# Examples are counted, not timed: the machine may be busy.
settings.register_profile("billtui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("billtui")

slow_hashes.remember()

_PROXY = {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"}
_OTHERS = {"SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CREDENTIALS_DIRECTORY", "PYTHON_KEYRING_BACKEND"}


_places = itertools.count()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of the test's own, as pytest's; its number is counted, not looked for among those that are there."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    path = tmp_path_factory.getbasetemp() / f"{name}{next(_places)}"
    path.mkdir(0o700)
    return path


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Points all of billtui's directories into the test's own one, and returns it."""
    for name in list(os.environ):
        ours = name.startswith("BILLTUI_") and name != "BILLTUI_FAULTS"
        if ours or name.lower() in _PROXY or name in _OTHERS:
            monkeypatch.delenv(name)
    root = tmp_path / "billtui"
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"BILLTUI_{kind}_DIR", str(root / kind.lower()))
    # Nothing of a test may reach the desktop's own secret store.
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "no-runtime-dir"))
    return root


_LONGEST = (
    "screens/test_every_screen.py",
    "secrecy/test_canaries_on_a_terminal.py",
    "terminal/test_door_in_tmux.py",
    "sandbox/engine/test_engine_transfer_machine.py",
    "sandbox/http/test_schemathesis.py",
    "faults/test_fleet_kills.py",
    "terminal/test_hostile_output.py",
    "terminal/test_ends_of_the_program.py",
    "terminal/test_processes.py",
    "terminal/test_thin_lines.py",
)
"""Files that take longest, the longest first."""


def _load_a_share(config: pytest.Config) -> None:
    """Load every n-th file: all workers together compile each file once, instead of each of them all files.

    It is the first run on a machine that this makes shorter. A file that cannot be loaded is told by its collection.
    """
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is None:
        return
    places = [(config.invocation_params.dir / given.split("::")[0]).resolve() for given in config.args]
    files = sorted({file for place in places for file in ([place] if place.is_file() else place.rglob("test_*.py"))})
    number = int(worker["workerid"].removeprefix("gw"))
    for file in files[number :: worker["workercount"]]:
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(file.relative_to(config.rootpath).with_suffix("").parts))


_MOST_ASIDE = 3_000_000
"""Objects put aside from the collector, some 400 MB, before it looks through all of them."""
_COUNTED_EVERY = 50
"""Tests between two looks at how many there are: they are counted one by one, 20 to 100 ms each time."""
_ended = itertools.count(1)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Every program that a test opens puts what is there aside, rings of closed ones too: without this a worker grew to
    two gigabytes."""
    if next(_ended) % _COUNTED_EVERY == 0 and gc.get_freeze_count() > _MOST_ASIDE:
        gc.unfreeze()
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What is collected stays to the end: it is not looked through for garbage, now or later."""
    gc.disable()
    try:
        _load_a_share(session.config)
        return (yield)
    finally:
        if "textual.app" in sys.modules:
            from tests.support import settling  # where nobody drives a program, Textual is not loaded for this

            settling.install()
        gc.enable()
        gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the longest files out to the workers, before all others: none is left alone with one of them at the end.

    Each worker begins with an equal share of the list, in its order, and takes from the ends of others' afterwards.
    """
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers == 1:
        return
    places = {Path(__file__).parent / name: place for place, name in enumerate(_LONGEST)}
    first: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for item in sorted((one for one in items if one.path in places), key=lambda one: places[one.path]):
        first[places[item.path] % workers].append(item)
    others = [one for one in items if one.path not in places]
    share = len(items) // workers
    dealt: list[pytest.Item] = []
    for begun in first:
        taken = max(0, share - len(begun))
        dealt += begun + others[:taken]
        del others[:taken]
    items[:] = dealt + others
