"""The parts of ``doctor`` about the host: versions, directories, terminal, environment, D-Bus, journals, the demo."""

from __future__ import annotations

import fcntl
import importlib.metadata
import locale
import os
import platform
import re
import sqlite3
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

from billtui import __version__
from billtui.config import paths
from billtui.config.errors import ConfigError
from billtui.config.process_memory import KEEP_CORES
from billtui.config.secret_sources import EnvironmentSecrets
from billtui.config.settings import Settings, load_settings, settings_file
from billtui.terminal.abilities import describe_drawing
from billtui.terminal.environment import TerminalFacts, describe, settle

Lines = list[tuple[str, str]]
"""Label and value."""
_PACKAGES = ("textual", "httpx", "pydantic", "cryptography", "keyring", "SecretStorage")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_NOT_LOOKED_AT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "NETRC")
_BUS = re.compile(r"unix:(?:path|abstract|runtime|dir|tmpdir)=([^,;]*)")


def versions() -> Lines:
    """billtui, Python, system, and the libraries that matter."""

    def version(package: str) -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return "missing"

    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    return [
        ("billtui", __version__),
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        ("system", system),
        ("packages", ", ".join(f"{package} {version(package)}" for package in _PACKAGES)),
        ("SQLite", sqlite3.sqlite_version),
    ]


def directories() -> Lines:
    """Where billtui keeps its files, and what is wrong with modes and owners."""
    kinds: tuple[tuple[str, Callable[[], Path]], ...] = (
        ("config", paths.config_dir),
        ("state", paths.state_dir),
        ("data", paths.data_dir),
        ("cache", paths.cache_dir),
    )
    lines = []
    for name, find in kinds:
        try:
            lines.append((f"{name} directory", _directory(find())))
        except ConfigError as error:
            lines.append((f"{name} directory", str(error)))
    return lines


def _directory(path: Path) -> str:
    from billtui.services.journal.schema import file_system

    try:
        status = path.stat()
    except FileNotFoundError:
        return f"{path} ({_not_there(path)})"
    except OSError as error:
        return f"{path} ({error.strerror})"
    kind = file_system(path)
    found = f"{path} (mode {stat.S_IMODE(status.st_mode):04o}{f', {kind}' if kind else ''})"
    try:
        paths.check_private_dir(path)
    except ConfigError as error:
        return f"{found}. Refused: {error}"
    return found


def _not_there(directory: Path) -> str:
    """Of a directory that is missing: whether it will be made."""
    obstacle = paths.obstacle_to(directory)
    return "not made yet" if obstacle is None else f"cannot be made: {obstacle}"


def terminal(facts: TerminalFacts | None) -> Lines:
    """What it can do, and which streams are one."""
    streams = ", ".join(
        f"{name} {'terminal' if stream is not None and stream.isatty() else 'no terminal'}"
        for name, stream in (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr))
    )
    known = facts or settle(dict(os.environ))
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    set_to = ", ".join(f"{name}={ascii(os.environ[name])[1:-1][:40]}" for name in names if os.environ.get(name))
    encoding = locale.getpreferredencoding(False)
    return [
        *describe(known),
        ("clipboard", _clipboard(known)),
        ("drawing", _drawing()),
        ("streams", streams),
        ("locale", f"{set_to or 'not set'} ({encoding})"),
    ]


def _clipboard(facts: TerminalFacts) -> str:
    if facts.multiplexer == "tmux":
        from billtui.terminal.tmux import describe as of_tmux

        return of_tmux(os.environ)
    through = f", through {facts.multiplexer}" if facts.multiplexer else ""
    return f"the terminal's own (OSC 52{through}); it does not say whether it takes it"


def _drawing() -> str:
    try:
        setting = load_settings().settings.door
    except (ConfigError, OSError):  # said with the settings
        setting = Settings().door
    return describe_drawing(setting, os.environ)


def settings() -> Lines:
    """Whether they could be read, and what is wrong with them."""
    try:
        loaded = load_settings()
        path = settings_file()
    except (ConfigError, OSError) as error:
        return [("settings", str(error).replace("\n", " "))]
    lines = [("settings", f"{path} ({'read' if path.exists() else 'not there, the defaults hold'})")]
    return lines + [("settings", warning) for warning in loaded.warnings]


def environment(taken: EnvironmentSecrets | None) -> Lines:
    """Which variables are set that matter, by name: their values could hold secrets."""
    found = {
        "BILLTUI_TOKEN": taken is not None and taken.token is not None,
        "BILLTUI_PASSWORD": taken is not None and taken.password is not None,
    }
    secret = [f"{name} (taken out, value hidden)" for name, there in found.items() if there]
    own = [name for name in sorted(os.environ) if name.startswith("BILLTUI_")]
    proxies = [name for name in sorted(os.environ) if name.upper() in _PROXIES]
    others = [name for name in _NOT_LOOKED_AT if os.environ.get(name)]
    lines: Lines = [("variables", ", ".join([*secret, *own]) or "none of billtui's")]
    if proxies or others:
        what = "not used: proxy and authorities come from the profile alone"
        lines.append(("environment", f"{', '.join([*proxies, *others])} set, {what}"))
    if backend := os.environ.get("PYTHON_KEYRING_BACKEND"):
        lines.append(("environment", f"PYTHON_KEYRING_BACKEND={ascii(backend)[1:-1][:80]}"))
    return [*lines, ("core files", _cores())]


def _cores() -> str:
    if os.environ.get(KEEP_CORES) == "1":
        return f"left as they are ({KEEP_CORES}=1): one holds secrets"
    try:
        empty = int(Path("/proc/self/coredump_filter").read_text(), 16) == 0
    except (OSError, ValueError):
        empty = False
    return "none is written, and none would hold memory" if empty else "none is written by this process"


def dbus() -> Lines:
    """Whether there is a session bus: the way to a desktop's keyring."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if address:
        at = _BUS.search(address)
        if at is None:
            return [("D-Bus", "an address is set, of another kind than a socket on this host")]
        if "path=" not in address:
            return [("D-Bus", "an address is set")]
        return [("D-Bus", f"an address is set; its socket {_socket(Path(at[1]))}")]
    if runtime and (there := Path(runtime) / "bus").exists():
        return [("D-Bus", f"no address is set; the socket of the session {_socket(there)}")]
    return [("D-Bus", "no session bus, as usual on a server: there is no keyring then")]


def _socket(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return f"cannot be used: {error.strerror}"
    return "is there" if stat.S_ISSOCK(mode) else "is no socket"


def journals() -> Lines:
    """The journal: what is open, and whether it is whole."""
    from billtui.services.journal import JournalError, JournalReader

    try:
        path = paths.state_dir() / "journal.db"
    except ConfigError as error:
        return [("journal", str(error))]
    if not path.exists():
        return [("journal", f"{path} ({_not_there(path.parent)})")]
    reader = JournalReader(path)
    try:
        jobs, open_jobs = reader.jobs(None), reader.jobs(None, open_only=True)
        findings = reader.verify()
    except JournalError as error:
        return [("journal", str(error))]
    finally:
        reader.close()
    counts: dict[str, int] = {}
    for job in open_jobs:
        for state, number in job.counts.items():
            counts[state] = counts.get(state, 0) + number
    lines = [("journal", f"{path} ({len(jobs)} jobs, {len(open_jobs)} of them open)")]
    if counts:
        lines.append(("open operations", ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))))
    return lines + [("journal verify", finding) for finding in findings or ["no damage and no gaps found"]]


def demos() -> Lines:
    """Demos that were ever opened here, and which of them run."""
    try:
        folders = sorted(path for path in paths.data_dir().glob("demo*") if (path / "panel.db").exists())
    except (ConfigError, OSError):
        return []
    return [("demo", ", ".join(f"{one.name} ({_running(one)})" for one in folders) or "never opened here")]


def _running(folder: Path) -> str:
    try:
        descriptor = os.open(folder.with_name(f".{folder.name}.lock"), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return "not running"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return "running"
    finally:
        os.close(descriptor)
    return "not running"


def crashes() -> Lines:
    """How many crash reports there are, and the newest."""
    try:
        reports = sorted((paths.state_dir() / "crashes").glob("crash-*.txt"))
    except (ConfigError, OSError):
        return []
    if not reports:
        return [("crash reports", "none")]
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(reports[-1].stat().st_mtime))
    return [("crash reports", f"{len(reports)}, the newest of {when}: {reports[-1]}")]
