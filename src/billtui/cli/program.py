"""``billtui`` without a verb: the full-screen program on a terminal, a plain overview anywhere else."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from billtui.cli.context import NO_PROFILE_YET, last_profile
from billtui.cli.demo import DEFAULT_FLEET, DEFAULT_SEED, Demo, demo_folder, running_demo
from billtui.cli.exits import Exit
from billtui.cli.opening import DEMO_PROFILE, Opening, frames_of, last_known
from billtui.cli.problems import CliError
from billtui.cli.secrets import EnvironmentKeeper, ProfileSecrets, ask_line, can_ask
from billtui.cli.start import is_terminal, run_program
from billtui.config.paths import data_dir
from billtui.config.profile_rules import WITHOUT_PROFILE
from billtui.config.profiles import Profile, ProfileBook, without_profile
from billtui.config.secret_sources import EnvironmentSecrets, take_environment
from billtui.config.settings import load_settings
from billtui.terminal.environment import TerminalFacts, settle

if TYPE_CHECKING:
    from billtui.cli.output import Output
    from billtui.services.overview import Overview
    from billtui.services.session_settings import CredentialKeeper


def open_program(options: argparse.Namespace, out: Output, opening: Opening) -> int:
    """Open the program, or print the overview and end; never waits for a key that nobody can press."""
    environment = take_environment()
    facts = settle()
    screen = is_terminal() and facts.term not in ("", "dumb") and not out.as_json
    if not options.demo and not options.url and not options.profile and last_profile() is None:
        opening.end()  # there was a profile when its overview was kept
        if screen:
            gc.enable()
            return _guide(options, environment, facts, opening)
        chosen = _first_run(out) if is_terminal() and can_ask() and not out.as_json else None
        if chosen is None:
            return _say_first_run(out)
        options = chosen
        if not options.demo:
            return _add_first_profile(options, out, environment)
    if screen and options.demo:
        _show_demo(opening, options)
    with _demo(options) as demo:
        profile = _profile(options, demo)
        if not screen:
            gc.enable()
            return asyncio.run(_print_overview(profile, demo, environment, options, out))
        known = not (options.url or options.login)
        return _run(profile, demo, environment, facts, opening, read_only=bool(options.read_only), known=known)


def _show_demo(opening: Opening, options: argparse.Namespace) -> None:
    """The demo's last overview, or an empty frame, before its panel is started."""
    settings = load_settings().settings
    name = "" if options.reset or options.login else DEMO_PROFILE
    folder = frames_of(str(demo_folder(*demo_numbers(options), hostile=options.hostile) / "data"))
    found = last_known(folder, name, theme=settings.theme)
    found.profile = DEMO_PROFILE
    found.read_only = bool(options.read_only)
    opening.show(found, settings.ascii)


@contextlib.contextmanager
def _demo(options: argparse.Namespace) -> Iterator[Demo | None]:
    if not options.demo:
        yield None
        return
    fleet, seed = demo_numbers(options)
    with running_demo(fleet=fleet, seed=seed, hostile=options.hostile, reset=options.reset) as demo:
        yield demo


def _profile(options: argparse.Namespace, demo: Demo | None) -> Profile:
    if demo is not None:
        return demo.profile.model_copy(update={"login": options.login}) if options.login else demo.profile
    if options.url:
        return without_profile(options.url, options.login or "")
    profile = ProfileBook().get(options.profile) if options.profile else last_profile()
    if profile is None:
        raise CliError("no-profile", NO_PROFILE_YET)
    return profile


def demo_numbers(options: argparse.Namespace) -> tuple[int, int]:
    """Fleet and seed of the demo."""
    fleet = DEFAULT_FLEET if options.fleet is None else options.fleet
    return fleet, DEFAULT_SEED if options.seed is None else options.seed


def _run(
    profile: Profile,
    demo: Demo | None,
    environment: EnvironmentSecrets,
    facts: TerminalFacts,
    opening: Opening,
    *,
    read_only: bool,
    known: bool = True,
) -> int:
    """``known``: the profile is one that another start finds again, so its first frame is kept."""
    loaded = load_settings()
    if demo is None:
        name = profile.name if known else ""
        folder = frames_of(str(data_dir()))
        found = last_known(folder, name, theme=loaded.settings.theme, url=profile.url, login=profile.login)
        found.profile = profile.name
        found.read_only = read_only or profile.read_only
        opening.show(found, loaded.settings.ascii)
    if demo is None and profile.name != WITHOUT_PROFILE:
        with contextlib.suppress(OSError):  # a home that cannot be written: only the next start has to name the profile
            ProfileBook().use(profile.name)
    return run_program(
        loaded.settings,
        profile,
        facts,
        opening,
        demo=demo,
        read_only=read_only,
        environment=environment,
        keep_frames=known,
    )


# -- the first time


def _say_first_run(out: Output) -> int:
    if out.as_json:
        out.document("first-run", profiles=[], next=["billtui --demo", "billtui profile add", "billtui --help"])
        return Exit.DONE
    for line in ("billtui: the bill of a fleet of virtual servers.", *NO_PROFILE_YET.splitlines()):
        out.line(line)
    return Exit.DONE


def _guide(options: argparse.Namespace, environment: EnvironmentSecrets, facts: TerminalFacts, opening: Opening) -> int:
    """The guide on the whole screen, then what it led to."""
    from billtui.cli.guide import run_guide
    from billtui.cli.parser import parse

    loaded = load_settings()
    read_only = bool(options.read_only)
    chosen, code = run_guide(loaded.settings, facts, environment)
    if chosen is None or code:
        return code
    if chosen.demo:
        with _demo(parse(["--demo"])) as demo:
            assert demo is not None
            return _run(demo.profile, demo, environment, facts, opening, read_only=read_only)
    assert chosen.profile is not None
    return run_program(
        loaded.settings,
        chosen.profile,
        facts,
        opening,
        read_only=read_only,
        environment=environment,
        credentials=chosen.credentials,
    )


def _first_run(out: Output) -> argparse.Namespace | None:
    """Ask line by line what to do without any profile, on a terminal that cannot show a screen.

    Gives the options to go on with, ``None`` for nothing.
    """
    out.line("billtui: the bill of a fleet of virtual servers. There is no profile yet.")
    out.line("  d  look around on the built-in panel; nothing is real (billtui --demo)")
    out.line("  p  add a profile: your panel's address and your login (billtui profile add)")
    out.line("  q  leave")
    from billtui.cli.parser import parse

    while True:
        answer = ask_line("d, p or q: ").lower()
        if answer == "d":
            return parse(["--demo"])
        if answer == "p":
            return parse(["profile", "add"])
        if answer in ("q", ""):
            return None


def _add_first_profile(options: argparse.Namespace, out: Output, environment: EnvironmentSecrets) -> int:
    """Add it; this terminal cannot show the program, so what comes next is said."""
    from billtui.cli.context import Context
    from billtui.cli.verbs.profiles import add

    return add(Context(options, out, environment))


# -- without a terminal


async def _print_overview(
    profile: Profile, demo: Demo | None, environment: EnvironmentSecrets, options: argparse.Namespace, out: Output
) -> int:
    """Catch up and print; the last copy with its age where the panel cannot be reached."""
    from dataclasses import replace

    from billtui.client.errors import ClientError
    from billtui.services.session import Session, SessionSettings

    settings = SessionSettings.of(profile, read_only=bool(options.read_only), background=False)
    credentials: CredentialKeeper
    if demo is not None:
        settings = replace(settings, data_dir=demo.folder / "data", state_dir=demo.folder / "state")
        credentials = demo.credentials(options.login)
    elif options.url:
        credentials = EnvironmentKeeper(environment)
    else:
        secrets = ProfileSecrets(profile, environment)
        secrets.read()
        credentials = secrets
    async with Session(settings, credentials=credentials) as session:
        try:
            await session.refresh()
        except ClientError as error:
            if session.store.synced_at() is None:
                raise
            out.note(f"billtui: {error.message}")
        found = session.overview()
        if out.as_json:
            out.document("overview", profile=profile.name, **overview_json(found))
        else:
            print_overview(out, found, profile)
    return Exit.DONE


def overview_json(found: Overview) -> dict[str, Any]:
    """The overview for scripts."""
    from billtui.cli.shapes import amount, iso_of

    account = found.account

    def owed(item: Any) -> dict[str, Any]:
        return {"count": item.count, "total": amount(item.total)}

    return {
        "synced_at": iso_of(found.synced_at),
        "account": None
        if account is None
        else {"account_id": account.account_id.raw, "login": account.login.raw, "role": account.role.raw},
        "balances": {"internal": amount(found.internal), "affiliate": amount(found.affiliate)},
        "unpaid": owed(found.unpaid),
        "overdue": owed(found.overdue),
        "promised": owed(found.promised),
        "past_due": found.past_due,
        "running_out": [
            {"days": one.days, "count": one.count, "monthly": amount(one.monthly), "auto_renewing": one.auto}
            for one in found.running_out
        ],
        "orders": found.orders,
        "blocked": [
            {"id": one.order.id, "name": one.order.name, "deleted_at": iso_of(one.deleted_at)} for one in found.blocked
        ],
        "failing_renewals": [
            {"order_id": one.order_id, "name": one.name, "at": iso_of(one.at), "price": amount(one.price)}
            for one in found.failing
        ],
    }


def print_overview(out: Output, found: Overview, profile: Profile) -> None:
    """The overview as plain lines."""
    from billtui.cli.shapes import age, count, when

    account = found.account
    who = f"{account.login} (ID {account.account_id}, {account.role})" if account is not None else "nobody is signed in"
    facts = [("Profile", f"{profile.name}, {profile.url}"), ("Account", who)]
    if found.internal is not None:
        facts.append(("Internal", str(found.internal)))
        if found.two_purses:
            facts.append(("Affiliate", str(found.affiliate)))
    past = f", {found.past_due} past due" if found.past_due else ""
    facts += (
        [("Invoices", "not told by this panel from here")]
        if not found.has_invoices
        else [
            ("Unpaid", f"{count(found.unpaid.count, 'invoice')}, {found.unpaid.total}{past}"),
            ("Overdue", f"{count(found.overdue.count, 'invoice')}, {found.overdue.total}"),
            ("Promised", f"{count(found.promised.count, 'invoice')}, {found.promised.total}"),
        ]
    )
    facts += [
        ("  promise", f"invoice {one.invoice.number}: pay by {when(one.deadline)}") for one in found.promises[:10]
    ]
    for one in found.running_out:
        text = f"{count(one.count, 'order')}, {one.monthly} a month, {one.auto} with auto-renewal"
        facts.append((f"Ends in {one.days} d", text))
    facts.append(("Orders", ", ".join(f"{number} {state}" for state, number in found.orders.items()) or "none"))
    facts += [
        ("  blocked", one.order.name + (f": deleted {when(one.deleted_at)}" if one.deleted_at else ""))
        for one in found.blocked[:10]
    ]
    facts += [
        ("  will fail", f"{one.name}: auto-renewal {when(one.at)}, no balance holds {one.price}")
        for one in found.failing[:10]
    ]
    out.facts(facts)
    out.note(f"As of {age(found.synced_at)}. This is no terminal; on one, billtui opens its screen.")
