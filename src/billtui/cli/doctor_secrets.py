"""The parts of ``doctor`` about profiles: where each one's secret comes from, the keyring, and the panel itself."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

from billtui.cli.doctor_host import Lines
from billtui.config.credentials import CredentialStore
from billtui.config.errors import ConfigError
from billtui.config.keyring_access import KeyringAccess
from billtui.config.paths import typed_path
from billtui.config.profiles import Profile
from billtui.config.secret_sources import EnvironmentSecrets


def keyring(access: KeyringAccess) -> Lines:
    """Which one answers, and how fast; nothing is read from it, and nobody is asked to unlock it."""
    began = time.monotonic()
    answer = access.ask("status")
    took = f"after {time.monotonic() - began:.1f} s"
    return [("keyring", f"{answer.problem} ({took})" if answer.problem else f"works: {answer.backend} ({took})")]


def of_profile(profile: Profile, environment: EnvironmentSecrets | None, access: KeyringAccess) -> Lines:
    """One profile, masked, and each place where its secret could be; the first that has one is used."""
    name = profile.name
    lines: Lines = [(f"{name}: panel", f"{address(profile.url)}, {profile.kind}; login {mask(profile.login)}")]
    traits = [
        "read-only" if profile.read_only else "",
        "a demo" if profile.demo else "",
        f"proxy {profile.proxy}" if profile.proxy else "",
        f"fingerprint {profile.fingerprint[:8]}…" if profile.fingerprint else "",
        f"authorities of its own ({_authorities(profile.ca_file)})" if profile.ca_file else "",
        "the command and systemd give a token" if profile.secret_kind == "token" else "",
    ]
    if any(traits):
        lines.append((f"{name}: set", ", ".join(trait for trait in traits if trait)))
    if environment is None:
        return lines
    try:
        situation = CredentialStore.of(profile, environment=environment, keyring=access).situation()
    except (ConfigError, OSError) as error:
        situation = [("credentials", str(error))]
    return lines + [(f"{name}: {source}", state) for source, state in situation]


def address(url: str) -> str:
    """Scheme, host and port; a path is only hinted at: some panels hide a key in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{'/…' if parts.path.strip('/') else ''}"


def mask(login: str) -> str:
    """A login by its first and last letter."""
    if not login:
        return "not set"
    return f"{login[0]}…{login[-1]}" if len(login) > 3 else "…"


def _authorities(file: str) -> str:
    path = typed_path(file)
    try:
        there = b"BEGIN CERTIFICATE" in Path(path).read_bytes()
    except OSError as error:
        return f"{path}: {error.strerror}"
    return str(path) if there else f"{path}: no certificate is in it"


async def panel(profile: Profile) -> Lines:
    """Who answers at the profile's address; nobody signs in, and no secret is sent."""
    from billtui.services.panel_check import check_panel
    from billtui.services.session_settings import SessionSettings

    found = await check_panel(SessionSettings.of(profile).connection, profile.kind)
    lines: Lines = [(f"{profile.name}: online", " ".join([found.fact, *found.advice]))]
    if found.seen is not None:
        lines.append((f"{profile.name}: answered in", f"{found.seen.seconds:.2f} s"))
        if found.seen.clock_skew is not None:
            lines.append((f"{profile.name}: clock", _clock(found.seen.clock_skew.total_seconds())))
    return lines


def _clock(seconds: float) -> str:
    """How the panel's clock stands to ours; it is known to about a second."""
    if abs(seconds) < 2:
        return "the panel's and this computer's agree"
    side = "ahead of" if seconds > 0 else "behind"
    return f"the panel's is {abs(seconds):.0f} s {side} this computer's"
