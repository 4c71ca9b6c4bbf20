"""``billtui sandbox serve``: the reference panel as a process of its own, on 127.0.0.1 only."""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

ADDRESS = "127.0.0.1"


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program, description="Serve the reference billing panel on this machine, with its own clock and mail."
    )
    parser.add_argument("--port", type=_port, default=8765, metavar="N", help="0 takes a free one (default 8765)")
    parser.add_argument("--db", type=Path, metavar="FILE", help="keep everything here; the same file continues")
    parser.add_argument("--fleet", type=_count, default=40, metavar="N", help="orders of a new file (default 40)")
    parser.add_argument(
        "--tickets", type=_count, metavar="N", help="tickets of a new file beside the demo's (default: by the fleet)"
    )
    parser.add_argument("--seed", type=_count, default=1, metavar="S", help="seed of a new file (default 1)")
    parser.add_argument("--hostile", action="store_true", help="a new file is full of texts that attack terminals")
    parser.add_argument("--json", action="store_true", help="say where it is and who can sign in as one line of JSON")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input is closed")
    parser.add_argument("--openapi", action="store_true", help="print the description of the interface and end")
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**31:
        raise argparse.ArgumentTypeError("a number that is not negative")
    return number


def main(argv: Sequence[str] | None = None, *, program: str = "billtui sandbox serve") -> int:
    """Serve until SIGTERM or SIGINT; 0 at a clean end, 1 when the port or the file cannot be had, 2 for bad usage."""
    try:
        options = _parser(program).parse_args(argv)
    except SystemExit as end:
        return int(end.code or 0)
    if options.openapi:
        from billtui.sandbox.http.app import describe

        sys.stdout.write(describe())
        return 0
    os.umask(0o077)  # its database holds mails with codes, and hashes
    with contextlib.ExitStack() as stack:
        file = options.db
        if file is None:
            file = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="billtui-sandbox-"))) / "panel.db"
        try:
            listener = stack.enter_context(_listen(options.port))
        except OSError as error:
            sys.stderr.write(f"Port {options.port} cannot be had: {error.strerror}. --port 0 takes a free one.\n")
            return 1
        return _serve(options, file, listener)


def _listen(port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off; without it every answer would wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def _serve(options: argparse.Namespace, file: Path, listener: socket.socket) -> int:
    from sqlalchemy.exc import DBAPIError

    from billtui.sandbox.database import Database, WrongDatabase
    from billtui.sandbox.http.app import create_app
    from billtui.sandbox.http.server import SandboxServer

    gc.disable()  # the rows of a new panel are held until they are written: there is nothing to be collected
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        database = Database.open(
            file, seed=options.seed, fleet=options.fleet, hostile=options.hostile, tickets=options.tickets
        )
    except (OSError, DBAPIError, WrongDatabase) as error:
        sys.stderr.write(f"The database {file} cannot be opened: {_reason(error)}\n")
        return 1
    finally:
        gc.enable()
    try:
        app = create_app(database)
        url = f"http://{ADDRESS}:{listener.getsockname()[1]}"
        people = database.seed_accounts()
        server = SandboxServer(app, app.state.panel.hub.close, lambda: _announce(url, people, as_json=options.json))
        if options.until_eof:
            _watch_stdin(server.stop)
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)  # a page of a large list makes many small objects: no pause within it
        with _signals(server.stop):
            server.run(sockets=[listener])
    finally:
        database.close()
    return 0


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None)
    return str(cause if cause is not None else error)


def _announce(url: str, people: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"url": url, "pid": os.getpid(), "accounts": people}) + "\n")
    else:
        sys.stdout.write(f"The reference panel is at {url} (process {os.getpid()}; ctrl+c ends it).\n")
        sys.stdout.write("Who can sign in, all of them invented:\n")
        for person in people:
            secret = f"   TOTP secret {person['totp_secret']}" if "totp_secret" in person else ""
            password = person.get("password", "(changed)")
            sys.stdout.write(f"  {person['login']:<16}{password:<20}{person['role']}{secret}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGTERM, SIGINT and SIGHUP end the server cleanly; what was set before is put back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch_stdin(stop: Callable[[], None]) -> None:
    """End with whoever started this: when their end of our standard input closes."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        stop()

    threading.Thread(target=watch, name="sandbox-stdin", daemon=True).start()
