"""The guide's words: what a look at a panel found, what a certificate shows, where one is signed in."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from billtui.client.certificate import SeenCertificate
from billtui.client.drivers.kinds import title_of
from billtui.config.kinds import USUAL_KIND
from billtui.config.profiles import Profile
from billtui.domain.models import Account
from billtui.domain.safetext import clean

LABEL = 9


def result_lines(
    facts: Iterable[tuple[str, str]], verdict: str, advice: Iterable[str] = (), *, good: bool | None = None
) -> Content:
    """What was looked at, how it went in a sign and a colour of its own, and what to do. ``None``: not known yet."""
    tone = {True: "bold $text-success", False: "bold $text-error", None: "$muted"}[good]
    sign = {True: "[✓] ", False: "[!] ", None: ""}[good]
    drawn = [Content.assemble((f"{label:<{LABEL}}", "$muted"), clean(value)) for label, value in facts]
    drawn += [Content(""), Content.styled(f"{sign}{clean(verdict, max_length=400)}", tone)]
    drawn += [Content(f"· {clean(one, max_length=400)}") for one in advice]
    return Content("\n").join(drawn)


def certificate_lines(shown: SeenCertificate) -> Content:
    """What the certificate says of itself, and its fingerprint in groups that can be compared."""
    digits = shown.grouped
    facts = [
        ("For", ", ".join(shown.names[:4]) or shown.subject),
        ("Signed by", "itself" if shown.self_signed else shown.issuer),
        ("Valid", f"{shown.begins:%Y-%m-%d} to {shown.ends:%Y-%m-%d}"),
        ("SHA-256", digits[:48].rstrip(":")),
        ("", digits[48:]),
    ]
    width = max(len(label) for label, _ in facts)
    lines = [
        Content.assemble((f"{label:<{width}}  ", "$muted"), (value, "bold" if label in ("SHA-256", "") else ""))
        for label, value in facts
    ]
    note = (
        "Anybody can show a certificate. Ask the panel's administrator for its fingerprint by another way than this"
        " line (telephone, a signed mail, the server itself) and type the digits from there."
    )
    return Content("\n").join([*lines, Content(""), Content.styled(note, "$text-warning")])


def welcome_lines(profile: Profile, account: Account | None) -> Content:
    """Who is signed in, where, and what that wrote."""
    who = "" if account is None else f"{account.login} (account ID {account.account_id})"
    facts = [
        ("Signed in", who),
        ("Panel", profile.url),
        *([] if profile.kind == USUAL_KIND else [("Kind", title_of(profile.kind))]),
        ("Profile", profile.name + (", read-only" if profile.read_only else "")),
    ]
    lines = [Content.assemble((f"{label:<{LABEL + 2}}", "$muted"), (clean(value), "bold")) for label, value in facts]
    note = "The profile is written; from now on billtui opens with it. More: billtui profile --help."
    return Content("\n").join([*lines, Content(""), Content.styled(note, "$muted")])
