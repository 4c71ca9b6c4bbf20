"""The demo: the reference panel as a process beside the program, with a database that stays."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from pydantic import SecretStr

from billtui.config.credentials import SaveResult
from billtui.config.errors import ConfigError
from billtui.config.memory_keeper import MemoryKeeper
from billtui.config.paths import data_dir, ensure_private_dir, read_private, write_private
from billtui.config.profiles import Profile, make_profile
from billtui.config.secret_sources import Credential

DEFAULT_FLEET = 40
DEFAULT_SEED = 1
JOIN_SECONDS = 15.0
ROOM_NEEDED = 2**20
"""Bytes below which a panel that died without a word died of a full disk."""
HELLO = "hello.json"
"""Where the panel says where it is, for a second billtui on the same demo."""


class DemoError(ConfigError):
    """The reference panel did not start; the message says why."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running reference panel, and who owns its fleet."""

    folder: Path
    """Its database and, beside it, the copies and the journal that belong to it."""
    url: str
    accounts: list[dict[str, Any]]

    @property
    def profile(self) -> Profile:
        """The first client, as a profile that is never written anywhere."""
        return make_profile(name="demo", url=self.url, login=str(self.accounts[0]["login"]), demo=True)

    @property
    def profiles(self) -> list[Profile]:
        """Every client of the demo as a profile; the first is :attr:`profile`, the others are named by their login."""
        clients = [str(one["login"]) for one in self.accounts if one.get("role") == "client"]
        colours = ("teal", "orange", "purple", "lime", "magenta", "amber", "blue", "pink")
        return [
            make_profile(
                name="demo" if login == self.profile.login else f"demo-{login.partition('.')[0][:20]}",
                url=self.url,
                login=login,
                demo=True,
                accent=None if login == self.profile.login else colours[number % len(colours)],
            )
            for number, login in enumerate(clients)
        ]

    def credentials(self, login: str | None = None) -> DemoCredentials:
        """The password of the first client, or of ``login``; the demo signs in by itself. Raises DemoError.

        Where somebody changed the password it is asked for, as at any panel.
        """
        for account in self.accounts:
            if login in (None, account["login"]):
                password = account.get("password")
                return DemoCredentials(None if password is None else SecretStr(str(password)))
        there = ", ".join(str(account["login"]) for account in self.accounts)
        raise DemoError(f"The demo has no login {login!r}. There are: {there}.")


class DemoCredentials(MemoryKeeper):
    """Credentials of the demo: a password that is no secret, and a token in memory."""

    def __init__(self, password: SecretStr | None) -> None:
        """Sign in with ``password`` until somebody signs out; without one it is typed."""
        super().__init__(None if password is None else Credential("password", password, "the demo"))

    def save(self, credential: Credential) -> SaveResult:
        """Keep a token until the program ends; a password that was typed is not kept."""
        return super().save(credential) if credential.kind == "token" else SaveResult("memory", None)


def demo_folder(fleet: int = DEFAULT_FLEET, seed: int = DEFAULT_SEED, *, hostile: bool = False) -> Path:
    """Where the demo with this fleet and seed lives; each has a panel, a journal and copies of its own."""
    name = "demo" if (fleet, seed) == (DEFAULT_FLEET, DEFAULT_SEED) else f"demo-{fleet}-{seed}"
    return data_dir() / (f"{name}-hostile" if hostile else name)


@contextlib.contextmanager
def running_demo(
    *, fleet: int = DEFAULT_FLEET, seed: int = DEFAULT_SEED, hostile: bool = False, reset: bool = False
) -> Iterator[Demo]:
    """Start the reference panel, and end it when the block ends. It also ends by itself when this process dies.

    Where another billtui runs the same demo, its panel is used, for as long as that one runs.
    Raises DemoError when it does not start, UnsafePath when its folder can be touched by others.
    """
    folder = demo_folder(fleet, seed, hostile=hostile)
    with contextlib.ExitStack() as stack:
        ensure_private_dir(folder.parent)
        lock = _take_lock(folder)
        if lock is None:
            if reset:
                raise DemoError("Another billtui runs this demo. Leave it first, then reset.")
            yield _joined(folder)
            return
        stack.callback(os.close, lock)
        if reset and folder.exists():
            shutil.rmtree(folder)
        ensure_private_dir(folder)
        yield _started(folder, stack, fleet=fleet, seed=seed, hostile=hostile)


def _started(folder: Path, stack: contextlib.ExitStack, *, fleet: int, seed: int, hostile: bool) -> Demo:
    with contextlib.suppress(FileNotFoundError):
        (folder / HELLO).unlink()
    command = [sys.executable, "-m", "billtui.sandbox", "--json", "--until-eof", "--port", str(_port(folder))]
    command += ["--db", str(folder / "panel.db"), "--fleet", str(fleet), "--seed", str(seed)]
    command += ["--hostile"] if hostile else []
    with open_private_log(folder / "panel.log") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    stack.callback(_end, process)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise DemoError(f"The reference panel did not start: {_last_words(folder)}")
    hello = json.loads(line)
    with contextlib.suppress(OSError, ConfigError):
        write_private(folder / "port", str(urlsplit(hello["url"]).port).encode())
        write_private(folder / HELLO, line)
    return Demo(folder, hello["url"], hello["accounts"])


def open_private_log(path: Path) -> BinaryIO:
    """A log to append to, of mode 0600 whatever the umask is."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "ab")


def _take_lock(folder: Path) -> int | None:
    """The lock of this demo's panel, beside its folder so that a reset keeps it; ``None`` if another one holds it."""
    path = folder.with_name(f".{folder.name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _joined(folder: Path) -> Demo:
    """The panel that another billtui runs; it may be starting at this moment."""
    end = time.monotonic() + JOIN_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError, KeyError, ConfigError):
            hello = json.loads(read_private(folder / HELLO, 64 * 1024))
            return Demo(folder, hello["url"], hello["accounts"])
        time.sleep(0.05)
    raise DemoError("Another billtui runs this demo, but its panel does not answer. Leave that one, then try again.")


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.terminate()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _port(folder: Path) -> int:
    """The port of the last time if it is free: then the address stays, and the first frame comes from the copy."""
    try:
        port = int(read_private(folder / "port", 10))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (OSError, ValueError, ConfigError):
        return 0
    return port


def _last_words(folder: Path) -> str:
    try:
        words = (folder / "panel.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        words = []
    hint = f"Its log is {folder / 'panel.log'}; billtui --demo --reset begins anew."
    if words:
        return f"{words[-1]} {hint}"
    if _room(folder) < ROOM_NEEDED:  # then there was none for its log, either
        return f"no space is left at {folder}. Free some, or put billtui's data elsewhere with BILLTUI_DATA_DIR."
    return f"it said nothing. {hint}"


def _room(folder: Path) -> int:
    """Free bytes where the demo lies."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return ROOM_NEEDED
