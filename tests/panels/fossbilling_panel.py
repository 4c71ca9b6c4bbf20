"""A stand-in FOSSBilling panel on a port of 127.0.0.1, stateful, with the traps of the real one and faults on demand.

::

    with FossPanel() as panel:                       # or start() and stop(); it runs in a thread of its own
        order = panel.books.add_order("vm-001.example.net", period="3M")
        ...                                          # panel.url, panel.api_key (user "client"), panel.staff_key,
                                                     # panel.email and panel.password
        panel.faults.append(Fault("client/invoice/renewal_invoice"))   # carried out, and the line is cut
        ...
        assert len(panel.renewals(order)) == 1       # what was billed for it: never more than once
        panel.books.run_batch()                      # only now do terms move, as the panel's cron job would do it

With ``keep`` the books are written to a file before each answer, and read from it at the start: a panel that was killed
and started again comes back with them, as one with a database does.

``books.ledger`` holds every movement of the balance, ``calls`` every call that arrived, in order, ``carried_out`` how
often each was. ``python -m tests.panels.fossbilling_panel`` runs one to look at by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import os
import pickle
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.client.panel_stub import Line as Wire
from tests.client.panel_stub import PanelStub, Seen, answer
from tests.panels.fossbilling_books import Books, Cart, FossInvoice
from tests.panels.fossbilling_calls import CLIENT, GUEST, STAFF, Asked, Refusal, Session, cookie_of

VERSION = "0.6.22"


@dataclass
class Fault:
    """What goes wrong at a call, ``times`` times.

    ``drop-after``: it is carried out, and the line is cut before the answer. ``drop-before``: the line is cut, and
    nothing is done. ``error``: HTTP 500 with a web page, nothing is done. ``html``: it is carried out, and a web page
    is the answer. ``drop-late``: the line is cut, and it is carried out ``seconds`` later. ``slow``: it is answered
    ``seconds`` later. ``kill``: it is carried out, written down, and the whole process ends by SIGKILL.
    """

    call: str
    kind: str = "drop-after"
    times: int = 1
    seconds: float = 1.0
    skip: int = 0
    """So many calls pass before it begins."""


class FossPanel:
    """See the module's text."""

    def __init__(self, balance: str = "141.00", *, port: int = 0, keep: Path | None = None) -> None:
        """Nothing runs yet. ``keep`` is the file of the books; one that is there goes on."""
        self.books = Books(balance)
        self._keep = keep
        self.api_key, self.staff_key = "k3yOfAliceForTheStandInPanel0001", "k3yOfStaffForTheStandInPanel0001"
        self.email: str = "alice@example.com"
        self.password: str = "Client1234"
        self.staff_email: str = "admin@example.com"
        self.staff_password: str = "Staff1234"
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.carried_out: Counter[str] = Counter()
        self.limit, self.delay = 1_000_000, 2.0
        """After ``limit`` requests each is delayed by ``delay`` seconds."""
        self.sessions: dict[str, Session] = {}
        self.lock = threading.RLock()
        self.url = ""
        self._port = port
        self._made = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        if keep is not None and keep.exists():
            self.books, self.sessions, self._made = pickle.loads(keep.read_bytes())

    def write(self) -> None:
        """Write the books and the sessions down, whole or not at all."""
        if self._keep is not None:
            beside = self._keep.with_suffix(".new")
            beside.write_bytes(pickle.dumps((self.books, self.sessions, self._made)))
            beside.replace(self._keep)

    # Running

    def start(self) -> Self:
        """Listen, in a thread of its own."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the stand-in panel did not start")
        return self

    def stop(self) -> None:
        """End it."""
        if self._loop is not None and self._over is not None:
            self._loop.call_soon_threadsafe(self._over.set)
        if self._thread is not None:
            self._thread.join(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with PanelStub(self._script, fixed_port=self._port) as stub:
            self.url = stub.url
            self._ready.set()
            await self._over.wait()

    # What a test looks at

    def renewals(self, order: int) -> list[FossInvoice]:
        """Every invoice that bills a renewal of this order."""
        with self.lock:
            return [
                one for one in self.books.invoices.values()
                if any(line.order == order and line.task == "renew" for line in one.lines)
            ]  # fmt: skip

    def purchases(self) -> list[FossInvoice]:
        """Every invoice of new orders."""
        with self.lock:
            every = self.books.invoices.values()
            return [one for one in every if any(line.task == "activate" for line in one.lines)]

    # One request

    async def _script(self, seen: Seen, wire: Wire) -> None:
        call = urlsplit(seen.target).path.removeprefix("/api/")
        with self.lock:
            self.calls.append(call)
            fault = self._fault(call)
            throttled = len(self.calls) > self.limit
        if throttled:
            await asyncio.sleep(self.delay)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "drop-before":
            wire.reset()
            return
        if fault is not None and fault.kind == "error":
            await wire.send(answer(b"<html>500</html>", "500 Internal Server Error", kind="text/html"))
            return
        if fault is not None and fault.kind == "drop-late":
            wire.reset()
            await asyncio.sleep(fault.seconds)
        with self.lock:
            data = self._answer(call, seen)
            self.write()
        if fault is not None and fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault is not None and fault.kind in ("drop-after", "drop-late"):
            wire.reset()
        elif fault is not None and fault.kind == "html":
            await wire.send(answer(b"<html>Oops</html>", kind="text/html"))
        else:
            with contextlib.suppress(ConnectionError):
                await wire.send(data)

    def _fault(self, call: str) -> Fault | None:
        for fault in self.faults:
            if fault.call == call and fault.skip > 0:
                fault.skip -= 1
            elif fault.call == call and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _answer(self, call: str, seen: Seen) -> bytes:
        query = {name: values[-1] for name, values in parse_qs(urlsplit(seen.target).query).items()}
        cookies: list[str] = []
        sid = cookie_of(seen)
        try:
            params = json.loads(seen.body) if seen.body else {}
            if sid not in self.sessions:
                sid = self._new_session(cookies)
            session = self.sessions[sid]
            result = self._call(call, params if isinstance(params, dict) else {}, query, seen, sid, session, cookies)
            if isinstance(result, bytes):
                return answer(result, "200 OK", kind="application/pdf")
            self.carried_out[call] += 1
            body: dict[str, Any] = {"result": result, "error": None}
            status = "200 OK"
        except Refusal as refusal:
            body = {"result": None, "error": {"message": str(refusal), "code": refusal.code}}
            status = {200: "200 OK", 401: "401 Unauthorized", 400: "400 Bad Request"}[refusal.status]
        left = "" if len(self.calls) <= 1 else str(self.limit - len(self.calls))
        limits = ("X-RateLimit-Span: 3600", f"X-RateLimit-Limit: {self.limit}", f"X-RateLimit-Remaining: {left}")
        headers = [f"X-FOSSBilling-Version: {VERSION}", *limits, *cookies]
        return answer(body, status, *headers, kind="application/json; charset=utf-8")

    def _new_session(self, cookies: list[str], role: str | None = None, cart: Cart | None = None) -> str:
        self._made += 1
        sid = hashlib.sha256(f"session {self._made}".encode()).hexdigest()[:26]
        self.sessions[sid] = Session(role, cart)
        cookies.append(f"Set-Cookie: PHPSESSID={sid}; path=/; HttpOnly; SameSite=Strict")
        return sid

    def _call(
        self, call: str, params: dict[str, Any], query: dict[str, str], seen: Seen, sid: str, session: Session,
        cookies: list[str],
    ) -> Any:  # fmt: skip
        role, _, method = call.partition("/")
        if role not in ("guest", "client", "admin"):
            raise Refusal(f"Unknown API call {call}", 701, 400)
        if role != "guest":
            self._let_in(role, params, seen, sid, session)
        if call in ("guest/client/login", "guest/staff/login"):
            return self._login(call, params, session, cookies)
        if role == "guest":
            params = query | params
        module, _, name = method.partition("/")
        known = {**GUEST, **CLIENT, **STAFF}
        if call not in known:
            if not any(one.split("/")[1] == module for one in known):
                raise Refusal(f"FOSSBilling module {module} is not installed/activated", 715)
            raise Refusal(f"{role.capitalize()} API call {name} does not exist in module {module}", 740)
        return known[call](Asked(self, params, query, session, role))

    def _let_in(self, role: str, params: dict[str, Any], seen: Seen, sid: str, session: Session) -> None:
        """By the session and its token, or by the API key, which makes the session the key's."""
        if session.role == role and params.get("CSRFToken") == hashlib.md5(sid.encode()).hexdigest():
            return
        given = seen.headers.get("authorization", "")
        if not given.startswith("Basic "):
            raise Refusal("Authentication Failed", 201 if session.role != role else 403, 401)
        user, _, key = base64.b64decode(given[6:]).decode().partition(":")
        if user not in ("client", "admin"):
            raise Refusal("Authentication Failed", 203, 401)
        if key != (self.api_key if user == "client" else self.staff_key):
            raise Refusal("Authentication Failed", 204 if user == "client" else 205, 401)
        if user != role:
            raise Refusal("Authentication Failed", 206, 401)
        session.role = role

    def _login(self, call: str, params: dict[str, Any], session: Session, cookies: list[str]) -> Any:
        staff = call == "guest/staff/login"
        wanted = (self.staff_email, self.staff_password) if staff else (self.email, self.password)
        if (params.get("email"), params.get("password")) != wanted:
            raise Refusal("Please check your login details.", 401)
        self._new_session(cookies, "admin" if staff else "client", session.cart)
        cookies.append("Set-Cookie: BBLANG=en_US; expires=Wed, 23 Dec 2026 02:23:27 GMT; Max-Age=2592000; path=/")
        return {"id": 1, "email": wanted[0], "name": "Admin" if staff else "Alice Ivanova", "role": "client"}


def main() -> None:
    """Run one with forty orders until it is ended, to look at by hand."""
    parser = argparse.ArgumentParser(description="A stand-in FOSSBilling panel on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--limit", type=int, default=1_000_000, help="requests before each is delayed by 2 s")
    parser.add_argument("--fault", action="append", default=[], metavar="CALL=KIND", help="at every call of this kind")
    parser.add_argument("--books", type=Path, metavar="FILE", help="keep the books here; the same file goes on")
    given = parser.parse_args()
    panel = FossPanel(port=given.port, keep=given.books)
    panel.limit = given.limit
    for call, _, kind in (text.partition("=") for text in given.fault):
        panel.faults.append(Fault(call, kind or "drop-after", times=1_000_000))
    if not panel.books.orders:
        for count in range(40):
            panel.books.add_order(f"vm-{count:03d}.example.net", 2 + count % 2, ("1M", "3M", "1Y")[count % 3])
        panel.books.add_invoice()
        panel.books.add_ticket("Disk is slow", "Since yesterday.", by_staff=True)
    with panel:
        sys.stdout.write(f"{panel.url}  client key {panel.api_key}  staff key {panel.staff_key}\n")
        sys.stdout.write(f"sign in as {panel.email}, {panel.password}\n")
        sys.stdout.flush()
        while True:
            time.sleep(60)
            with panel.lock:
                panel.books.run_batch()
                panel.write()


if __name__ == "__main__":
    main()
