"""What billtui found on this host: for ``billtui doctor`` and the settings screen. No secret is ever in it."""

from __future__ import annotations

import importlib.metadata
import locale
import os
import platform
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from billtui import __version__
from billtui.config import paths
from billtui.config.credentials import CredentialStore, EnvironmentSecrets
from billtui.config.errors import ConfigError
from billtui.config.profiles import ProfileBook
from billtui.config.settings import load_settings, settings_file
from billtui.terminal.environment import TerminalFacts, describe, settle

Lines = list[tuple[str, str]]
_PACKAGES = ("textual", "httpx", "pydantic", "cryptography", "keyring")


def examine(environment: EnvironmentSecrets | None = None, facts: TerminalFacts | None = None) -> Lines:
    """All lines. With ``environment`` each profile's credential sources are asked as well (the keyring: seconds)."""
    lines = _versions() + _directories() + _terminal(facts) + _settings()
    lines += _profiles(environment)
    return lines + _journal()


def _versions() -> Lines:
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


def _directories() -> Lines:
    kinds: tuple[tuple[str, Callable[[], Path]], ...] = (
        ("config", paths.config_dir),
        ("state", paths.state_dir),
        ("data", paths.data_dir),
        ("cache", paths.cache_dir),
    )
    lines = []
    for name, find in kinds:
        try:
            lines.append((f"{name} directory", _mode(find())))
        except ConfigError as error:
            lines.append((f"{name} directory", str(error)))
    return lines


def _mode(path: Path) -> str:
    try:
        status = path.stat()
    except FileNotFoundError:
        return f"{path} (not made yet)"
    except OSError as error:
        return f"{path} ({error.strerror})"
    mode = stat.S_IMODE(status.st_mode)
    trouble = []
    if mode & 0o077:
        trouble.append("open to others, billtui refuses it")
    if status.st_uid != os.getuid():
        trouble.append("belongs to another user")
    return f"{path} (mode {mode:04o}{'; ' if trouble else ''}{'; '.join(trouble)})"


def _terminal(facts: TerminalFacts | None) -> Lines:
    streams = ", ".join(
        f"{name} {'terminal' if stream is not None and stream.isatty() else 'no terminal'}"
        for name, stream in (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr))
    )
    known = facts or settle(dict(os.environ))
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    settings = ", ".join(f"{name}={os.environ[name]}" for name in names if os.environ.get(name))
    encoding = locale.getpreferredencoding(False)
    return [*describe(known), ("streams", streams), ("locale", f"{settings or 'not set'} ({encoding})")]


def _settings() -> Lines:
    try:
        loaded = load_settings()
        path = settings_file()
    except (ConfigError, OSError) as error:
        return [("settings", str(error).replace("\n", " "))]
    lines = [("settings", f"{path} ({'read' if path.exists() else 'not there, the defaults hold'})")]
    return lines + [("settings", warning) for warning in loaded.warnings]


def _profiles(environment: EnvironmentSecrets | None) -> Lines:
    try:
        loaded = ProfileBook().load()
    except (ConfigError, OSError) as error:
        return [("profiles", str(error))]
    lines: Lines = [("profiles", ", ".join(loaded.profiles) or "none yet")]
    if loaded.last_used is not None:
        lines.append(("last used", loaded.last_used))
    lines += [("profiles", problem) for problem in loaded.problems]
    if environment is None:
        return [*lines, ("credentials", "billtui doctor asks the keyring; here it would take seconds")]
    for profile in loaded.profiles.values():
        try:
            situation = CredentialStore.of(profile, environment=environment).situation()
        except (ConfigError, OSError) as error:
            situation = [("credentials", str(error))]
        lines += [(f"{profile.name}: {source}", state) for source, state in situation]
    return lines


def _journal() -> Lines:
    from billtui.services.journal import JournalError, JournalReader

    try:
        path = paths.state_dir() / "journal.db"
    except ConfigError as error:
        return [("journal", str(error))]
    if not path.exists():
        return [("journal", f"{path} (not made yet)")]
    reader = JournalReader(path)
    try:
        jobs, open_jobs = reader.jobs(None), reader.jobs(None, open_only=True)
        findings = reader.verify()
    except JournalError as error:
        return [("journal", str(error))]
    finally:
        reader.close()
    lines = [("journal", f"{path} ({len(jobs)} jobs, {len(open_jobs)} of them open)")]
    return lines + [("journal verify", finding) for finding in findings or ["no damage and no gaps found"]]
