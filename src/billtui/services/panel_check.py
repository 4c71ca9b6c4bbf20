"""Whether a panel can be used as it is written down: reached, proven by its certificate, and of a kind that is known.

One check for the first-run guide and for ``billtui profile add`` and ``profile test``. It only reads, sends no secret,
and ends with words that say what is wrong and what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from billtui.client.errors import CertificateProblem, CertificateReason, ClientError, NotSent
from billtui.client.settings import ConnectionSettings

if TYPE_CHECKING:
    from billtui.client.certificate import SeenCertificate
    from billtui.client.probe import PanelSeen

SKEW_TOLD = timedelta(minutes=2)
"""Clocks that differ by more are worth a word."""


@dataclass(frozen=True, slots=True)
class PanelCheck:
    """What came of looking at a panel."""

    usable: bool
    fact: str
    """What was found, as one sentence."""
    advice: tuple[str, ...] = ()
    """What to do, a sentence each; also hints where it is usable."""
    error: ClientError | None = None
    """What stood in the way of asking; ``None`` where somebody answered."""
    seen: PanelSeen | None = None
    certificate: SeenCertificate | None = None
    """What it showed, where that was not accepted."""
    reason: CertificateReason | None = None
    ways: frozenset[str] = field(default_factory=frozenset)
    """``ca`` and ``pin``: whether a file of authorities, or this one certificate, would help."""


async def check_panel(settings: ConnectionSettings, kind: str | None = None) -> PanelCheck:
    """Look at the panel. Never raises a ClientError: what went wrong is in the answer.

    ``kind`` is what the profile says it is; ``None``: whatever is found.
    """
    from billtui.client.certificate import look_at_certificate
    from billtui.client.probe import look_at_panel  # loads the HTTP library

    try:
        seen = await look_at_panel(settings)
    except CertificateProblem as error:
        try:
            certificate = await look_at_certificate(settings)
        except ClientError as trouble:
            return PanelCheck(False, error.fact, (trouble.message,), error, reason=error.reason)
        return _unproven(settings, error, certificate)
    except NotSent as error:
        return PanelCheck(False, error.fact, _not_reached(settings, error), error)
    except ClientError as error:
        return PanelCheck(False, error.fact, (error.message.removeprefix(error.fact).strip(),), error)
    return _of_kind(seen, kind)


def _of_kind(seen: PanelSeen, kind: str | None) -> PanelCheck:
    """What was seen, beside the kind that the profile names."""
    from billtui.client.drivers.kinds import HOMES, title_of

    hints = clock_hint(seen.clock_skew)
    if seen.kind is None:
        if kind in (None, "billing_v1") or kind not in HOMES or seen.points_to:
            return PanelCheck(False, f"It answers, but it is {seen.words}.", _unknown_kind(seen), seen=seen)
        doubt = f"By its answers it is not known as {title_of(kind)}; the profile says so, and signing in will tell."
        return PanelCheck(True, f"It answers, and it seems to be {seen.words}.", (doubt, *hints), seen=seen)
    if seen.kind not in HOMES:
        advice: tuple[str, ...] = (f"This billtui has no driver for {title_of(seen.kind)} yet.",)
        return PanelCheck(False, f"It answers, and it is {seen.words}.", advice, seen=seen)
    if kind is not None and kind != seen.kind:
        advice = (
            f"The profile says that it is {title_of(kind)}. Correct the kind: billtui profile edit NAME"
            f" --kind {seen.kind}; or the address, if it is another panel's.",
        )
        return PanelCheck(False, f"It answers, but it is {seen.words}.", advice, seen=seen)
    return PanelCheck(True, f"It answers, and it is {seen.words}.", hints, seen=seen)


def clock_hint(skew: timedelta | None) -> tuple[str, ...]:
    """What to know where the clocks differ."""
    if skew is None or abs(skew) <= SKEW_TOLD:
        return ()
    seconds = round(abs(skew).total_seconds())
    side = "ahead of" if skew > timedelta() else "behind"
    return (f"Its clock is {seconds} s {side} this computer's; codes of a second factor need both to be right.",)


def _unknown_kind(seen: PanelSeen) -> tuple[str, ...]:
    if seen.points_to:
        where = f"It points to {seen.points_to}. If that is the panel, type that address;"
        return (f"{where} billtui follows no redirects.",)
    from billtui.client.drivers.kinds import HOMES, title_of

    known = ", ".join(title_of(kind) for kind in HOMES)
    return (
        f"billtui does not speak with that. It speaks with: {known}.",
        "Ask the provider for the address of its interface for programs.",
        "The address of the interface may differ from that of the web pages, also by a path at its end.",
    )


def _not_reached(settings: ConnectionSettings, error: NotSent) -> tuple[str, ...]:
    found = [error.message.removeprefix(error.fact).strip()]
    if "secure connection" in error.fact:
        found = ["Something answers there, but not with TLS as it is today. Check the port; perhaps it is another one."]
    if settings.proxy is None:
        found.append("If this host reaches the network through a proxy only, give the proxy's address.")
    else:
        found.append("Check the proxy's address as well: everything goes through it.")
    return tuple(one for one in found if one)


def _unproven(settings: ConnectionSettings, error: CertificateProblem, shown: SeenCertificate) -> PanelCheck:
    host = settings.address().host
    compare = "Pin it only after comparing its fingerprint with the one that the panel's administrator gives you."
    now = datetime.now(UTC)
    match error.reason:
        case CertificateReason.SELF_SIGNED:
            fact = "Its certificate is signed by nobody but itself, so nothing proves that this is your panel."
            advice: tuple[str, ...] = ("Give the panel's certificate or authority as a file (PEM), or pin it.", compare)
            ways = {"ca", "pin"}
        case CertificateReason.UNKNOWN_AUTHORITY if settings.ca_file is not None:
            fact = f"Its certificate is signed by “{shown.issuer}”, which is not in {settings.ca_file}."
            advice = ("Give the file of that authority (PEM).", compare)
            ways = {"ca", "pin"}
        case CertificateReason.UNKNOWN_AUTHORITY:
            fact = f"Its certificate is signed by “{shown.issuer}”, which this computer does not know."
            advice = ("If that is your own authority, give its file (PEM).", compare)
            ways = {"ca", "pin"}
        case CertificateReason.EXPIRED:
            fact = f"Its certificate ended on {_day(shown.ends)}; today is {_day(now)}."
            advice = ("The panel's administrator has to renew it; or is this computer's clock wrong?", compare)
            ways = {"pin"}
        case CertificateReason.NOT_YET_VALID:
            fact = f"Its certificate begins on {_day(shown.begins)}; today is {_day(now)}."
            advice = ("Is this computer's clock right? If it is, ask the panel's administrator.",)
            ways = set()
        case CertificateReason.WRONG_NAME:
            names = ", ".join(shown.names[:5]) or shown.subject
            fact = f"Its certificate is made for {names}, not for {host}."
            advice = ("Type the address that the certificate is made for, if that is your panel.", compare)
            ways = {"pin"}
        case CertificateReason.NOT_PINNED:
            fact = "Its certificate is not the pinned one: it was renewed, or somebody stands in between."
            advice = ("Do not go on before the panel's administrator has told you the new fingerprint.", compare)
            ways = {"pin"}
        case _:
            fact, advice, ways = error.fact, ("Ask the panel's administrator.", compare), {"pin"}
    return PanelCheck(False, fact, advice, error, certificate=shown, reason=error.reason, ways=frozenset(ways))


def _day(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d}"


TYPED_DIGITS = 8
"""So many of a fingerprint's last digits are typed, at least, to pin a certificate."""


def pin_refusal(typed: str, shown: SeenCertificate) -> str | None:
    """Why what was typed is no confirmation of this fingerprint, or ``None``. Colons, blanks and case do not count.

    It is typed from where the administrator wrote it, not from the screen: then a wrong certificate is found out.
    """
    digits = "".join(one for one in typed.lower().removeprefix("sha256:") if one not in ": -\t")
    if not digits or any(one not in "0123456789abcdef" for one in digits):
        return f"Type the last {TYPED_DIGITS} digits of the fingerprint as the administrator gave it, or all of it."
    if len(digits) < TYPED_DIGITS:
        return f"That is too little to compare: type {TYPED_DIGITS} digits or more."
    if not shown.fingerprint.endswith(digits):
        return "That is another certificate than the one shown: do not trust it. Nothing was pinned."
    return None
