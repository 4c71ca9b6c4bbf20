"""The program on a terminal, with a canary in every secret: nothing it writes, anywhere, holds one (RELIABILITY)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.test_bad_answers import BAD
from tests.secrecy.canaries import Canaries
from tests.secrecy.scene import Scene, inside, leave, shown
from tests.secrecy.wiretap import spiteful
from tests.support.command_line import ENTRY, PASSWORD
from tests.terminal.ptys import Terminal

pytestmark = pytest.mark.pty

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
AREAS = {
    b"1": "Runs out in", b"2": "Invoices", b"3": "A month", b"4": "Jobs", b"5": "Top up",
    b"6": "Appearance", b"7": "Planner", b"8": "Transfers", b"9": "Who acts", b"0": "Second factor",
}  # fmt: skip
"""The key of each area, and words that stand on it."""


def sign_in(scene: Scene, terminal: Terminal, *, passphrase: str | None = None) -> None:
    """Sign in by hand; with a passphrase it is kept in the encrypted file."""
    scene.canaries.plant("password", PASSWORD)
    terminal.wait_for(shown(terminal, "Sign in", "Password"))
    terminal.send(PASSWORD.encode() + b"\r")
    terminal.wait_for(shown(terminal, "Stay signed in?"))
    terminal.send(b"\x1b" if passphrase is None else passphrase.encode() + b"\r")
    terminal.wait_for(inside(terminal))


def test_signing_in_wrong_and_right_and_at_the_next_start(scene: Scene) -> None:
    scene.add_profile()
    passphrase = scene.new("passphrase")
    with scene.program("--profile", "main") as terminal:
        terminal.wait_for(shown(terminal, "Sign in", "Password"))
        terminal.send(scene.new("wrong password").encode() + b"\r")
        terminal.wait_for(lambda: "POST /api/v1/sessions" in scene.tap.requests)
        terminal.wait_for(shown(terminal, "wrong"))
        terminal.send(b"\x15")  # empties the field
        sign_in(scene, terminal, passphrase=passphrase)
        for key, words in AREAS.items():
            goes_to(terminal, key, words)
        leave(terminal)
    with scene.program("--profile", "main") as terminal:
        terminal.wait_for(shown(terminal, "Unlock the saved sign-in"))
        terminal.send(scene.new("wrong passphrase").encode() + b"\r")
        terminal.wait_for(shown(terminal, "does not open"))
        leave(terminal)
    assert {"password", "wrong password", "token", "passphrase", "wrong passphrase"} <= scene.canaries.kinds()
    assert scene.leaks() == {}


def goes_to(terminal: Terminal, key: bytes, words: str) -> None:
    """Press the key of an area; once more where the program says that it was not used, as on a busy machine."""
    terminal.send(key)
    terminal.wait_for(lambda: shown(terminal, words)() or shown(terminal, "not used")())
    if not shown(terminal, words)():
        terminal.send(key)
        terminal.wait_for(shown(terminal, words))


def refresh_until(terminal: Terminal, condition: Callable[[], bool]) -> None:
    """Ask the panel again and again: after many failures the program waits before it asks (the circuit is open)."""
    end = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < end, "\n".join(terminal.screen().display)
        terminal.send(b"r")
        for _ in range(4):
            terminal.read(0.2)


def test_faults_on_all_screens(scene: Scene, record_property: Callable[[str, object], None]) -> None:
    """Every bad answer on every screen, and a panel that repeats all it was sent."""
    # Answers of many megabytes are left to the client's tests: on nine areas they only take their time.
    faults = {name: make() for name, (make, _) in BAD.items() if not name.startswith(("15 MB", "9 MB"))}
    chosen = dict(list(faults.items())[:: 1 if LONG else 5]) | {"spiteful": spiteful}
    assert len(chosen) >= (60 if LONG else 15)
    scene.add_profile()
    with scene.program("--profile", "main") as terminal:
        sign_in(scene, terminal)
        terminal.wait_for(shown(terminal, "live"))
        for name, fault in chosen.items():
            scene.tap.requests.append(f"--- {name}")  # where a failure shows how far it came
            scene.tap.fault = fault
            before = scene.tap.strikes
            for key, words in AREAS.items():
                goes_to(terminal, key, words)
                terminal.send(b"r")
            refresh_until(terminal, lambda before=before: scene.tap.strikes > before)  # type: ignore[misc]  # bound now
            assert terminal.poll() is None, name
            scene.tap.fault = None
            before = scene.tap.answered
            refresh_until(terminal, lambda before=before: scene.tap.answered > before)  # type: ignore[misc]  # bound now
        leave(terminal)
    record_property("faults", len(chosen))
    record_property("answers struck", scene.tap.strikes)
    assert scene.tap.strikes >= len(chosen)
    assert scene.leaks() == {}


CRASHES = {
    "in a handler": "SignInScreen.go = lambda self: fail(self.query_one('#password').value)",
    "in the call": "SignInScreen._sign_in = failing",
    "in the session": "Session.sign_in = failing",
    "while drawing": "SecretInput.render_line = lambda self, y: fail(self.value) if self.value else Strip.blank(1)",
}
CRASHING = f"""
import sys
from textual.strip import Strip
from billtui.screens.sign_in import SignInScreen
from billtui.services.session import Session
from billtui.widgets.secret_input import SecretInput

def fail(secret):
    held = [secret] * 3
    raise RuntimeError(f"with {{held}}")

async def failing(self, login, password, totp, **_):
    plain = password.get_secret_value()
    fail(plain)

exec(sys.argv.pop(1))
{ENTRY}
"""


@pytest.mark.parametrize("place", CRASHES)
def test_a_crash_tells_where_and_never_with_what(scene: Scene, place: str) -> None:
    scene.add_profile()
    with scene.program(CRASHES[place], "--profile", "main", code=CRASHING) as terminal:
        terminal.wait_for(shown(terminal, "Sign in", "Password"))
        terminal.send(scene.new("password").encode() + b"\r")
        reports = scene.home / "billtui" / "state" / "crashes"
        terminal.wait_for(lambda: bool(list(reports.glob("*.txt"))) if reports.exists() else False)
        if place in ("in the call", "in the session"):  # reported, and the program goes on
            terminal.wait_for(shown(terminal, "fault in itself"))
            leave(terminal)
        else:
            assert terminal.wait_end(15)[0] == 1
    [report, *_] = [path.read_text() for path in reports.glob("*.txt")]
    assert "RuntimeError" in report and "in fail" in report
    assert scene.leaks() == {}


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A control: every form in which something could be written down, and a line drawn in pieces."""
    import base64

    canaries = Canaries()
    secret = canaries.plant("x", "Cnry7-a/b+c=d-0123456789")
    canaries.plant("short", "482913")
    forms = [
        secret.encode(), secret.encode().hex().encode(), base64.b64encode(b"ab" + secret.encode() + b"cd"),
        base64.b64encode(b"user:" + secret.encode()), b"Cnry7-a%2Fb%2Bc%3Dd-0123456789", secret[::-1].encode(),
        secret.encode("utf-16-le"),
    ]  # fmt: skip
    for form in forms:
        assert canaries.found_in(b"before " + form + b" after") == {"x"}, form
    assert canaries.found_in(b'{"code": "482913"}') == {"short"}
    assert canaries.found_in(b"1482913 482913.5 4829137") == set()
    assert canaries.found_on_terminal(b"\x1b[1mCnry7-a/\x1b[0;31mb+c=\x1b[5;1Hd-0123\r\n456789") == {"x"}
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file.db-wal").write_bytes(b"\0" * 5000 + secret.encode())
    (tmp_path / f"crash-{secret.replace('/', '')}").write_text("")
    assert list(canaries.found_below(tmp_path).values()) == [{"x"}]


def test_the_watch_sees_command_lines_and_environments(scene: Scene) -> None:
    """A control: children that live for a moment, with a secret where it must not be."""
    secret = scene.new("misplaced")
    code = (
        "import subprocess, sys\nsecret = sys.stdin.readline().strip()\n"
        "subprocess.run(['sh', '-c', 'sleep 0.3; true', secret])\n"
        "subprocess.run(['sleep', '0.3'], env={'X': secret, 'PATH': '/usr/bin:/bin'})\n"
    )
    with scene.program(code=code) as terminal:
        terminal.send(secret.encode() + b"\n")
        terminal.wait_end(15)
    assert {leak.split(" of ")[0] for leak in scene.watch.leaks} == {"misplaced in environ", "misplaced in cmdline"}
    assert scene.leaks()["terminal 0"] == {"misplaced"}, "the terminal's own echo, as no program turned it off"
