"""What billtui found on this host: for ``billtui doctor`` and the settings screen, made to be pasted into a bug report.

So it says what a person who helps needs (versions, terminal, modes, which keeper answered how fast, what waits in the
journal), and nothing that harms: no secret, no value of an environment variable that could hold one, the panel by its
address without a path, the login by its first and last letter, the home directory as ``~``.
"""

from __future__ import annotations

from pathlib import Path

from billtui.cli import doctor_host, doctor_secrets
from billtui.cli.doctor_host import Lines
from billtui.config.errors import ConfigError
from billtui.config.keyring_access import KeyringAccess
from billtui.config.profiles import ProfileBook
from billtui.config.secret_sources import EnvironmentSecrets
from billtui.terminal.environment import TerminalFacts

HIDDEN = "(hidden)"


def examine(environment: EnvironmentSecrets | None = None, facts: TerminalFacts | None = None) -> Lines:
    """All lines. With ``environment`` the keyring is asked as well, which may take three seconds."""
    lines = doctor_host.versions() + doctor_host.directories() + doctor_host.terminal(facts) + doctor_host.settings()
    lines += doctor_host.environment(environment) + doctor_host.dbus() + _profiles(environment)
    lines += doctor_host.journals() + doctor_host.demos() + doctor_host.crashes()
    return masked(lines, environment)


def _profiles(environment: EnvironmentSecrets | None) -> Lines:
    try:
        loaded = ProfileBook().load()
    except (ConfigError, OSError) as error:
        return [("profiles", str(error))]
    lines: Lines = [("profiles", ", ".join(loaded.profiles) or "none yet")]
    if loaded.last_used is not None:
        lines.append(("last used", loaded.last_used))
    lines += [("profiles", problem) for problem in loaded.problems]
    keyring = KeyringAccess()  # one for all: it is asked once, and given up once
    if environment is None:
        lines.append(("keyring", "billtui doctor asks it; here it would take seconds"))
    else:
        lines += doctor_secrets.keyring(keyring)
    for profile in loaded.profiles.values():
        lines += doctor_secrets.of_profile(profile, environment, keyring)
    return lines


async def online(names: list[str] | None = None) -> Lines:
    """Each profile's panel (or those of ``names``), asked without signing in: who answers, how fast, its clock."""
    try:
        loaded = ProfileBook().load()
    except (ConfigError, OSError):
        return []  # said already
    lines: Lines = []
    for profile in loaded.profiles.values():
        if not names or profile.name in names:
            lines += await doctor_secrets.panel(profile)
    return masked(lines, None)


def masked(lines: Lines, environment: EnvironmentSecrets | None) -> Lines:
    """Without the home directory's name, and without a secret, should one have come into a line after all."""
    home = str(Path.home())
    taken = (environment.token, environment.password) if environment is not None else ()
    secrets = [one.get_secret_value() for one in taken if one is not None]
    return [(label, _masked(value, home, secrets)) for label, value in lines]


def _masked(value: str, home: str, secrets: list[str]) -> str:
    for secret in secrets:
        if secret:
            value = value.replace(secret, HIDDEN)
    if len(Path(home).parts) > 2:  # not "/" or "/root", which stand in other words as well
        value = value.replace(home, "~")
    return value
