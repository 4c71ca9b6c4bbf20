"""Several profiles on several panels, and a recorder before each panel that keeps every byte of both directions."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from billtui.app import BilltuiApp
from billtui.cli.start import make_session
from billtui.config.profiles import Profile, ProfileBook, make_profile
from billtui.config.settings import Settings
from billtui.services.accounts import Roster
from billtui.services.session import Session
from billtui.services.session_events import SessionEvent
from tests.support.driving import PASSWORD, Driver
from tests.support.sandbox import SandboxProcess

_TOKEN = re.compile(rb'"token"\s*:\s*"([^"]{16,})"')
_BEARER = re.compile(rb"(?i)authorization:\s*bearer\s+(\S+)")


class Recorder:
    """Stands before a panel: forwards whatever comes, and keeps what was sent and what was answered."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.asked: list[bytes] = []
        """What clients sent, a part for each connection."""
        self.answered: list[bytes] = []
        self.held = threading.Event()
        """Cleared: answers wait until it is set."""
        self.held.set()
        self.redirect = ""
        """Where every request is sent to instead of being answered, as a hostile panel would."""
        self.redirected = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            place = len(self.asked)
            self.asked.append(b"")
            self.answered.append(b"")
        if self.redirect:
            self._send_away(client, place)
            return
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self.sandbox.port)) as panel:
            back = threading.Thread(target=self._copy, args=(panel, client, self.answered, place, True), daemon=True)
            back.start()
            self._copy(client, panel, self.asked, place, False)
            back.join(30)

    def _send_away(self, client: socket.socket, place: int) -> None:
        answer = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {self.redirect}\r\nContent-Length: 0\r\n\r\n"
        with contextlib.suppress(OSError), client:
            while data := client.recv(65_536):
                with self._lock:
                    self.asked[place] += data
                    self.redirected += 1
                client.sendall(answer.encode())

    def _copy(self, source: socket.socket, target: socket.socket, kept: list[bytes], place: int, waits: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                with self._lock:
                    kept[place] += data
                if self.redirect and not waits:
                    source.shutdown(socket.SHUT_RDWR)  # what comes again on a new connection is sent away
                    return
                if waits:
                    self.held.wait(60)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    @property
    def issued(self) -> set[bytes]:
        """Every token that this panel gave out."""
        with self._lock:
            return {token for part in self.answered for token in _TOKEN.findall(part)}

    @property
    def shown(self) -> set[bytes]:
        """Every token that was shown to this panel."""
        with self._lock:
            return {token for part in self.asked for token in _BEARER.findall(part)}

    def sent(self) -> bytes:
        """Everything that clients sent."""
        with self._lock:
            return b"\n".join(self.asked)

    def requests(self, method: str) -> int:
        """How many requests of a method came."""
        return len(re.findall(rf"(?m)^{method} /".encode(), self.sent()))

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


@contextlib.contextmanager
def recorded(*panels: SandboxProcess) -> Iterator[list[Recorder]]:
    """A recorder before each panel."""
    found = [Recorder(one) for one in panels]
    try:
        yield found
    finally:
        for one in found:
            one.held.set()
            one.close()


def profile(name: str, url: str, login: str = "olena.marsh", *, signs_in: bool = True, **more: Any) -> Profile:
    """A profile in the book; it signs in by itself with the password that everybody in the demo has."""
    command = ["printf", "%s", PASSWORD] if signs_in else []
    made = make_profile(name=name, url=url, login=login, password_command=command, **more)
    ProfileBook().add(made, replace=True)
    return made


@asynccontextmanager
async def opened(
    first: Profile,
    sandbox: SandboxProcess,
    *,
    size: tuple[int, int] = (80, 24),
    settings: Settings | None = None,
    read_only: bool = False,
    ready: bool = True,
) -> AsyncIterator[Driver]:
    """The program as ``billtui --profile`` makes it: sessions, credentials and files as in real life."""

    def session(
        profile: Profile, listener: Callable[[SessionEvent], None], ask: Any, *, background: bool = True
    ) -> Session:
        return make_session(
            profile, listener, demo=None, read_only=read_only, ask_passphrase=ask, background=background
        )

    app = BilltuiApp(settings=settings or Settings(), profile=first, make_session=session, make_roster=Roster)
    said: list[str] = []
    notify = app.notify

    def listening(message: str, **options: Any) -> None:
        said.append(message)
        notify(message, **options)

    app.notify = listening  # type: ignore[method-assign]  # hears what the program says
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, pilot, sandbox, said, lambda order: order)
        if ready:
            await driver.ready()
        try:
            yield driver
        finally:
            await app.session.close()
            await app.close_accounts()
