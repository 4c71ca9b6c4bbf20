"""``billtui profile …``"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from billtui.cli.checking import check, check_driver, of_found_kind, refuse, settle_with_person
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.opening import forget_frames
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_line, can_ask
from billtui.config.accents import accent_problem
from billtui.config.credentials import CredentialStore
from billtui.config.errors import ProfileError
from billtui.config.kinds import USUAL_KIND, kind_of_address
from billtui.config.paths import data_dir
from billtui.config.profile_rules import check_name
from billtui.config.profiles import Profile, ProfileBook, make_profile
from billtui.domain.money import parse_amount

FEW_ASSUMED = 4
"""Assumptions of a driver that are shown with a profile, the weightiest first."""


def add(context: Context) -> Exit:
    """Add a profile; asks on a terminal for what is missing."""
    options, out = context.options, context.out
    name = options.name or _asked("A short name for it, for example work: ", "NAME")
    check_name(name)
    url = options.url or _asked("Address of the panel (https://…): ", "--url URL")
    login = options.login if options.login is not None else (ask_line("Login there: ") if can_ask() else "")
    values: dict[str, Any] = {"name": name, "url": url, "login": login, "read_only": bool(options.read_only)}
    for key in ("ca_file", "fingerprint", "proxy", "accent", "confirm_items", "password_command", "secret_kind"):
        if getattr(options, key):
            values[key] = getattr(options, key)
    if options.confirm_limit is not None:
        values["confirm_limit"] = limit_of(options.confirm_limit)
    if options.accent and (problem := accent_problem(options.accent)):
        raise CliError("profile", problem)
    values |= {"kind": options.kind or kind_of_address(url), "panel_options": panel_options(options.panel_option)}
    profile = make_profile(**values)
    if options.kind:
        check_driver(profile)
    if not options.replace and name in ProfileBook().load().profiles:
        raise ProfileError(f"There is a profile {name!r} already.")
    if options.check:
        found = check(profile, options.kind)
        refuse(found)
        profile = profile if options.kind else of_found_kind(profile, found)
    elif can_ask() and not out.as_json and not options.no_check:
        settled = settle_with_person(profile, out, options.kind)
        if settled is None:
            out.note("Nothing was written.")
            return Exit.DONE
        profile = settled
    check_driver(profile)
    ProfileBook().add(profile, replace=options.replace)
    if out.as_json:
        out.document("profile", profile=profile_json(profile))
    else:
        out.line(f"Profile {profile.name}: {profile.login or 'no login yet'} on {profile.url}{_kind_words(profile)}")
        if not profile.password_command:
            out.note(f"Next: billtui login --profile {profile.name}")
    return Exit.DONE


def panel_options(given: Sequence[str] | None) -> dict[str, str]:
    """``--panel-option NAME=VALUE`` as a table. Raises CliError."""
    found: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise CliError("usage", f"--panel-option is NAME=VALUE, not “{text[:40]}”.")
        found[name.strip()] = value.strip()
    return found


def _kind_words(profile: Profile) -> str:
    """Which kind it is, where it is not the one that every profile is by itself."""
    from billtui.client.drivers.kinds import title_of

    return "" if profile.kind == USUAL_KIND else f", {title_of(profile.kind)}"


def limit_of(text: str) -> Decimal:
    """``--confirm-limit`` as an amount. Raises CliError."""
    try:
        return parse_amount(text)
    except ValueError as error:
        raise CliError("invalid-amount", f"--confirm-limit: {error}") from None


def _asked(question: str, option: str) -> str:
    answer = ask_line(question) if can_ask() else ""
    if not answer:
        raise CliError("usage", f"{option} is missing.", hint="See: billtui profile add --help")
    return answer


def profile_json(profile: Profile) -> dict[str, Any]:
    """A profile for scripts; of its command only the program is told."""
    body = profile.model_dump(mode="json")
    body["password_command"] = profile.password_command[:1]
    return body


def list_all(context: Context) -> Exit:
    """All profiles and the one used last."""
    out = context.out
    loaded = ProfileBook().load()
    if out.as_json:
        items = [profile_json(profile) for profile in loaded.profiles.values()]
        out.document("profiles", last_used=loaded.last_used, items=items, problems=loaded.problems)
        return Exit.DONE
    columns = (Column("name"), Column("login"), Column("address", cut=True), Column("notes"))
    rows = []
    for profile in loaded.profiles.values():
        notes = [
            word
            for word, true in (("last used", profile.name == loaded.last_used), ("read-only", profile.read_only))
            if true
        ]
        if kind := _kind_words(profile).removeprefix(", "):
            notes.append(kind)
        rows.append([profile.name, profile.login, profile.url, ", ".join(notes)])
    out.table(columns, rows, empty="No profiles yet. Make one with: billtui profile add")
    for problem in loaded.problems:
        out.note(problem)
    return Exit.DONE


def show(context: Context) -> Exit:
    """One profile."""
    out, profile = context.out, context.profile
    if out.as_json:
        out.document("profile", profile=profile_json(profile))
        return Exit.DONE
    from billtui.client.drivers.kinds import title_of

    limit = "as in the settings" if profile.confirm_limit is None else f"{profile.confirm_limit:.2f}"
    out.facts(
        [
            ("Name", profile.name),
            ("Address", profile.url),
            ("Kind", f"{title_of(profile.kind)} ({profile.kind})"),
            *_driver_facts(profile),
            ("Login", profile.login or "–"),
            ("Read-only", "yes" if profile.read_only else "no"),
            ("Accent", profile.accent or "the theme's"),
            ("Type the total above", limit),
            (
                "Authority",
                profile.ca_file or (f"pinned {profile.fingerprint}" if profile.fingerprint else "the system's"),
            ),
            ("Proxy", profile.proxy or "none"),
            (
                "Secret",
                f"{profile.password_command[0]} … ({profile.secret_kind})"
                if profile.password_command
                else "kept by billtui login",
            ),
        ]
    )
    return Exit.DONE


def _driver_facts(profile: Profile) -> list[tuple[str, str]]:
    """The profile's options for its kind of panel, and what the driver assumes where nobody documents it."""
    from billtui.client.drivers.kinds import make_driver
    from billtui.client.errors import ConfigurationProblem

    facts = [("Option", f"{name} = {value}") for name, value in sorted(profile.panel_options.items())]
    try:
        driver = make_driver(profile.kind, profile.login, profile.panel_options)
    except ConfigurationProblem as error:
        return [*facts, ("Problem", str(error))]
    facts += [("Assumes", f"{topic}: {words}") for topic, words in list(driver.assumed.items())[:FEW_ASSUMED]]
    if (more := len(driver.assumed) - FEW_ASSUMED) > 0:
        facts.append(("", f"and {more} more: docs/panels.md"))
    return facts


def remove(context: Context) -> Exit:
    """Forget a profile and its token; its journal stays."""
    out, name = context.out, context.options.name
    book = ProfileBook()
    loaded = book.load()
    check_name(name)
    if name not in loaded.profiles and not any(f"profile {name!r}" in problem for problem in loaded.problems):
        raise CliError("not-found", f"There is no profile {name!r}.", Exit.NOT_FOUND, hint="See: billtui profile list")
    left: list[str] = []
    if name in loaded.profiles:
        left = CredentialStore.of(loaded.profiles[name], environment=context.environment).forget()
    book.remove(name)
    forget_frames(data_dir(), name)
    for line in left:
        out.note(line)
    if out.as_json:
        out.document("profile-removed", name=name, left=left)
    else:
        out.line(f"Profile {name} is removed; its token is forgotten. The journal stays.")
    return Exit.DONE


async def test(context: Context) -> Exit:
    """Whether the panel answers, and whether the secret is accepted."""
    from billtui.services.panel_check import check_panel

    out, profile = context.out, context.profile
    check_driver(profile)
    found = await check_panel(context.session_settings().connection, profile.kind)
    refuse(found)
    skew = found.seen.clock_skew if found.seen is not None else None
    seconds = None if skew is None else round(skew.total_seconds())
    if not out.as_json:
        out.line(f"{profile.url}: {found.fact}")
        for line in found.advice:
            out.note(line)
    async with context.signed_in() as (session, account):
        if out.as_json:
            out.document(
                "profile-test",
                profile=profile.name,
                panel_kind=profile.kind,
                reachable=True,
                clock_skew_seconds=seconds,
                login=account.login.raw,
                account_id=account.account_id.raw,
                read_only=session.read_only,
            )
        else:
            out.line(f"Signed in as {account.login} (ID {account.account_id}, {account.role}).")
    return Exit.DONE
