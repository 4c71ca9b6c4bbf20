"""Looking at a panel before its profile is written, and whenever somebody wants to know what is wrong with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_line
from billtui.config.kinds import USUAL_KIND
from billtui.config.profiles import Profile, make_profile

if TYPE_CHECKING:
    from billtui.cli.output import Output
    from billtui.client.certificate import SeenCertificate
    from billtui.services.panel_check import PanelCheck


def check(profile: Profile, kind: str | None = None) -> PanelCheck:
    """Look at the panel of ``profile``, which was said to be of ``kind``; outside of any event loop."""
    from billtui.services.panel_check import check_panel
    from billtui.services.session_settings import SessionSettings

    return asyncio.run(check_panel(SessionSettings.of(profile).connection, kind))


def refuse(found: PanelCheck) -> None:
    """Raises CliError for a panel that cannot be used, with what to do, and the certificate where that is it."""
    if found.usable:
        return
    more: dict[str, Any] = {"hint": " ".join(found.advice)}
    if found.reason is not None:
        more["certificate_reason"] = found.reason.value
    if found.certificate is not None:
        more["certificate"] = certificate_json(found.certificate)
    if found.error is None:
        raise CliError("not-a-billing-panel", found.fact, Exit.USAGE, **more)
    raise CliError(found.error.code, found.fact, Exit.NETWORK, retryable=found.error.retryable, **more)


def certificate_json(shown: SeenCertificate) -> dict[str, Any]:
    """What a panel's certificate says of itself."""
    return {
        "subject": shown.subject,
        "issuer": shown.issuer,
        "names": list(shown.names),
        "begins": f"{shown.begins:%Y-%m-%dT%H:%M:%SZ}",
        "ends": f"{shown.ends:%Y-%m-%dT%H:%M:%SZ}",
        "fingerprint": shown.fingerprint,
    }


def of_found_kind(profile: Profile, found: PanelCheck) -> Profile:
    """``profile`` with the kind that was recognised."""
    kind = found.seen.kind if found.seen is not None else None
    return profile if kind is None else profile.model_copy(update={"kind": kind})


def check_driver(profile: Profile) -> None:
    """Whether there is a driver for the profile's kind, and it knows the profile's options. Raises CliError."""
    from billtui.client.drivers.kinds import make_driver
    from billtui.client.errors import ConfigurationProblem

    try:
        make_driver(profile.kind, profile.login, profile.panel_options)
    except ConfigurationProblem as error:
        raise CliError("profile", str(error)) from None


def settle_with_person(profile: Profile, out: Output, kind: str | None = None) -> Profile | None:
    """Look at the panel, and ask on the terminal what to do where it cannot be used yet.

    Gives the profile, perhaps with a file of authorities, a pinned certificate, or the kind that was recognised where
    the person named no ``kind``; ``None`` to write nothing.
    """
    while True:
        out.note(f"Looking at {profile.url} …")
        found = check(profile, kind)
        out.note(found.fact)
        for line in found.advice:
            out.note(f"  {line}")
        if found.usable:
            return profile if kind is not None else _agreed_kind(of_found_kind(profile, found))
        answer = _ask(found, out)
        if answer == "q":
            return None
        if answer == "k":
            return profile
        if answer == "c":
            profile = _changed(profile, out, ca_file=ask_line("File of the authority (PEM, full path): "))
        elif answer == "p" and found.certificate is not None:
            profile = _pinned(profile, found.certificate, out)


def _agreed_kind(profile: Profile) -> Profile | None:
    """What was recognised is taken after a question, unless it is the kind that every profile is by itself."""
    from billtui.client.drivers.kinds import title_of

    if profile.kind == USUAL_KIND:
        return profile
    answer = ask_line(f"Use it as {title_of(profile.kind)} (--kind {profile.kind})? [Y/n] ").lower()
    return profile if answer in ("", "y", "yes") else None


def _ask(found: PanelCheck, out: Output) -> str:
    ways = {"t": "try again"}
    if "ca" in found.ways:
        ways["c"] = "give the file of its authority (CA, PEM)"
    if "pin" in found.ways and found.certificate is not None:
        ways["p"] = "pin this one certificate, after comparing it"
    ways |= {"k": "keep the profile as it is", "q": "leave; nothing is written"}
    for key, words in ways.items():
        out.note(f"  {key}  {words}")
    while True:
        answer = ask_line(f"{', '.join(ways)}: ").lower()
        if answer in ways or not answer:
            return answer or "q"


def _pinned(profile: Profile, shown: SeenCertificate, out: Output) -> Profile:
    from billtui.services.panel_check import pin_refusal

    out.note(f"For        {', '.join(shown.names) or shown.subject}")
    out.note(f"Signed by  {'itself' if shown.self_signed else shown.issuer}")
    out.note(f"Valid      {shown.begins:%Y-%m-%d} to {shown.ends:%Y-%m-%d}")
    out.note(f"SHA-256    {shown.grouped}")
    out.note("Ask the panel's administrator for its fingerprint by another way, and type it from there.")
    refusal = pin_refusal(ask_line("Its last 8 digits or more: "), shown)
    if refusal is not None:
        out.note(refusal)
        return profile
    return _changed(profile, out, fingerprint=shown.fingerprint)


def _changed(profile: Profile, out: Output, **values: str) -> Profile:
    from billtui.config.errors import ProfileError

    try:
        return make_profile(**{**profile.model_dump(), **values})
    except ProfileError as error:
        out.note(str(error))
        return profile
