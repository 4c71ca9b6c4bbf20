"""A host of one's own for the program: every directory it could write to, a wiretap before its panel, a watch on its
processes; and the question at the end whether any secret is anywhere it must not be."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from billtui.config.profiles import ProfileBook, make_profile
from billtui.screens.modals.dialog import TOO_EARLY
from tests.secrecy.canaries import Canaries
from tests.secrecy.watching import ProcessWatch
from tests.secrecy.wiretap import Wiretap
from tests.support.command_line import ENTRY
from tests.support.sandbox import SandboxProcess
from tests.terminal.ptys import Terminal

NO_KEYRING = "keyring.backends.null.Keyring"


@dataclass
class Scene:
    """The host. What the program may write to is all below ``home``."""

    home: Path
    sandbox: SandboxProcess
    canaries: Canaries
    tap: Wiretap
    watch: ProcessWatch
    outputs: list[bytes] = field(default_factory=list)
    """All bytes that every terminal got."""

    def new(self, name: str) -> str:
        """A new secret of ours."""
        return self.canaries.plant(name, f"Cnry7-{name.replace(' ', '-')}-{secrets.token_hex(6)}")

    def add_profile(self, login: str = "olena.marsh", **more: object) -> None:
        """The profile ``main`` on the wiretap's address."""
        ProfileBook().add(make_profile(name="main", url=self.tap.url, login=login, **more), replace=True)

    def here(self, link: str) -> str:
        """A link of the panel's mail as it would be if the wiretap's address were the panel's own."""
        return link.replace(self.sandbox.url, self.tap.url)

    def variables(self) -> dict[str, str]:
        """An environment in which everything is below :attr:`home`."""
        places = {"HOME": self.home, "TMPDIR": self.home / "tmp", "HISTFILE": self.home / ".bash_history"}
        for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
            places[f"XDG_{kind}_HOME"] = self.home / "xdg" / kind.lower()
        return {**{name: str(path) for name, path in places.items()}, "PYTHON_KEYRING_BACKEND": NO_KEYRING}

    @contextlib.contextmanager
    def program(
        self, *arguments: str, code: str = ENTRY, variables: Mapping[str, str] | None = None, watched: bool = True
    ) -> Iterator[Terminal]:
        """``billtui ARGUMENTS`` on a terminal; with ``code`` another Python program in its place."""
        argv = [sys.executable, "-c", code, *arguments]
        given = {**self.variables(), **(variables or {})}
        with Terminal(argv, columns=100, rows=30, variables=given) as terminal:
            if watched:
                self.watch.roots.append(terminal.pid)
            try:
                yield terminal
            finally:
                while terminal.read(0):
                    pass
                self.outputs.append(bytes(terminal.output))

    def run(
        self, *arguments: str, stdin: str = "", variables: Mapping[str, str] | None = None, code: int = 0
    ) -> tuple[str, str]:
        """``billtui ARGUMENTS`` without a terminal, watched from its first moment; what it wrote on both streams.

        Secrets in ``variables`` may be seen until the program has taken them out, and no longer.
        """
        given = {name: value for name, value in os.environ.items() if name in ("PATH",) or name.startswith("BILLTUI_")}
        process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**given, **self.variables(), "LANG": "C.UTF-8", **(variables or {})},
        )
        if not any(self.canaries.found_in(value.encode()) for value in (variables or {}).values()):
            self.watch.roots.append(process.pid)
        else:
            self._watch_once_clean(process)
        out, err = process.communicate(stdin, timeout=60)
        self.outputs += [out.encode(), err.encode()]
        assert process.returncode == code, f"{arguments}: {process.returncode} {out[-800:]} {err[-800:]}"
        return out, err

    def _watch_once_clean(self, process: subprocess.Popen[str]) -> None:
        end = time.monotonic() + 20
        while process.poll() is None:
            with contextlib.suppress(OSError):
                shown = Path(f"/proc/{process.pid}/environ").read_bytes()
                if b"PATH=" in shown and not self.canaries.found_in(shown):  # not the moment before it has any
                    self.watch.roots.append(process.pid)
                    return
            assert time.monotonic() < end, "the environment still shows the secret"

    def leaks(self) -> dict[str, set[str]]:
        """Every place that holds a secret: files, terminals, processes."""
        found = self.canaries.found_below(self.home)
        for number, output in enumerate(self.outputs):
            if names := self.canaries.found_on_terminal(output):
                found[f"terminal {number}"] = names
        if self.watch.leaks:
            found["processes"] = set(self.watch.leaks)
        return found


def shown(terminal: Terminal, *words: str) -> Callable[[], bool]:
    """Whether all ``words`` stand on the screen, over line breaks as well."""

    return lambda: all(word in text_of(terminal) for word in words)


def in_focus(terminal: Terminal, button: str) -> bool:
    """Whether the button with this label has the focus: its label is drawn bold then."""
    screen = terminal.screen()
    for y, line in enumerate(screen.display):
        if (x := line.find(button)) >= 0:
            return bool(screen.buffer[y][x].bold)
    return False


def text_of(terminal: Terminal) -> str:
    """What stands on the screen, as one line without frames."""
    lines = [line.strip(" │┃▌▐█▊▎┊╎") for line in terminal.screen().display]
    return " ".join(" ".join(lines).split())


def inside(terminal: Terminal) -> Callable[[], bool]:
    """Whether one is signed in, and no question of signing in stands there any more."""
    return lambda: (
        shown(terminal, "live")() and not any(shown(terminal, one)() for one in ("Stay signed in?", "Password forgot"))
    )


def quiet(terminal: Terminal) -> None:
    """Until the program draws nothing more: a question has its focus then."""
    while terminal.read(1.0):
        pass


def pressed(terminal: Terminal, key: bytes, then: Callable[[], bool]) -> None:
    """Press it, and wait for ``then``; once more where the program says that it came too early, as a person does."""
    before = len(terminal.output)
    terminal.send(key)
    terminal.wait_for(lambda: then() or TOO_EARLY.encode() in terminal.output[before:])
    if not then():
        quiet(terminal)
        terminal.send(key)
        terminal.wait_for(then)


def leave(terminal: Terminal) -> None:
    """Leave by ctrl+q and enter."""
    terminal.send(b"\x11")
    terminal.wait_for(shown(terminal, "Quit billtui?", "Stay"))
    quiet(terminal)  # its frame is drawn before its words where the machine is busy
    if not shown(terminal, "Nothing is running")():
        terminal.send(b"\x1b[C")  # something is at work: the first answer is to stay
    terminal.send(b"\r")
    assert terminal.wait_end(15)[0] == 0
