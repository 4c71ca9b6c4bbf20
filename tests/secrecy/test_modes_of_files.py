"""Every file and directory that the program makes is its owner's alone, also where the umask is 000."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.secrecy.scene import Scene, inside, leave, shown
from tests.support.command_line import ENTRY, PASSWORD

pytestmark = pytest.mark.pty

OPEN = f"import os; os.umask(0)\n{ENTRY}"


def open_to_others(home: Path) -> list[str]:
    """What somebody else could read, change or enter below ``home``."""
    return [
        f"{stat.S_IMODE(path.lstat().st_mode):04o} {path.relative_to(home)}"
        for path in sorted(home.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077 and path != home / "tmp"
    ]


def test_signing_in_paying_and_keeping(scene: Scene) -> None:
    scene.add_profile()
    with scene.program("--profile", "main", code=OPEN) as terminal:
        terminal.wait_for(shown(terminal, "Sign in", "Password"))
        terminal.send(PASSWORD.encode() + b"\r")
        terminal.wait_for(shown(terminal, "Stay signed in?"))
        terminal.send(b"correct horse\r")
        terminal.wait_for(inside(terminal))
        terminal.wait_for((scene.home / "billtui" / "config" / "credentials" / "main.sealed").exists)
        terminal.send(b"3")
        terminal.wait_for(shown(terminal, "Orders"))
        terminal.send(b" ")  # a mark is kept in a file
        leave(terminal)
    names = {path.name for path in scene.home.rglob("*") if path.is_file()}
    assert {"profiles.toml", "main.sealed", "journal.db"} <= names
    assert open_to_others(scene.home) == []


def test_the_demo(scene: Scene) -> None:
    """The reference panel's process as well: its database holds mails with codes."""
    with scene.program("--demo", code=OPEN) as terminal:
        terminal.wait_for(shown(terminal, "live"), 60)
        leave(terminal)
    folder = scene.home / "billtui" / "data" / "demo"
    assert {"panel.db", "panel.log", "hello.json"} <= {path.name for path in folder.iterdir()}
    assert open_to_others(scene.home) == []


def test_a_crash_report(scene: Scene) -> None:
    scene.add_profile()
    broken = f"import billtui.app\nbilltui.app.BilltuiApp.on_mount = lambda self: 1 / 0\n{OPEN}"
    with scene.program("--profile", "main", code=broken) as terminal:
        assert terminal.wait_end(30)[0] == 1
    reports = scene.home / "billtui" / "state" / "crashes"
    assert len(list(reports.iterdir())) == 1
    assert open_to_others(scene.home) == []
