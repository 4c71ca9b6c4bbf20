"""The accounts of several profiles for one command: each with its own secret, found before anything begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from billtui.cli.context import Context
from billtui.cli.problems import CliError
from billtui.cli.secrets import ProfileSecrets, can_ask
from billtui.cli.start import roster_of
from billtui.config.credentials import CredentialStore
from billtui.config.errors import ConfigError
from billtui.config.profiles import Profile
from billtui.config.secret_sources import EnvironmentSecrets
from billtui.services.accounts import AccountsDesk
from billtui.services.session_events import SessionEvent
from billtui.services.session_settings import CredentialKeeper

if TYPE_CHECKING:
    from billtui.config.credentials import AskPassphrase
    from billtui.services.session import Session

NAMED = 5
"""Profiles that are named for one reason; of more it says how many."""


def open_desk(context: Context) -> AccountsDesk:
    """The desk over all profiles, or over those that the options name; nothing is asked of a panel yet.

    What the environment holds belongs to none of several accounts, and is not used. With ``--ask`` passphrases are
    asked for here, where ctrl+c ends a question. Raises CliError, ConfigError.
    """
    options = context.options
    if options.url:
        raise CliError("usage", "--url is one panel without a profile; all accounts are those of profiles.")
    roster = roster_of(context.demo)
    there = {name: one for name, one in roster.profiles().profiles.items() if one.demo == bool(context.demo)}
    names = list(dict.fromkeys(options.only or ([options.profile] if options.profile else there)))
    if missing := [name for name in names if name not in there]:
        known = ", ".join(there) or "none yet; make one with: billtui profile add"
        raise CliError("profile", f"There is no profile {missing[0][:40]!r}. Profiles: {known}.")
    if not names:
        raise CliError("no-profile", "There is no profile yet.", hint="Make one with: billtui profile add")
    keepers = _asked(context, [there[name] for name in names])

    def session(profile: Profile, listener: Callable[[SessionEvent], None], ask: AskPassphrase) -> Session:
        from billtui.services.session import Session, SessionSettings

        settings = SessionSettings.of(profile, read_only=bool(options.read_only), background=False)
        settings = replace(settings, program=" ".join(options.verb.path))
        if context.demo is not None:
            folder = context.demo.folder
            settings = replace(settings, data_dir=folder / "data", state_dir=folder / "state")
            return Session(settings, listener=listener, credentials=context.demo.credentials(profile.login))
        keeper = keepers.get(profile.name) or CredentialStore.of(
            profile, environment=EnvironmentSecrets(), ask_passphrase=ask
        )
        return Session(settings, listener=listener, credentials=keeper)

    desk = AccountsDesk(session, roster)
    desk.read(there[name] for name in names)
    return desk


def _asked(context: Context, profiles: list[Profile]) -> dict[str, CredentialKeeper]:
    """With ``--ask``: each profile's secret, its passphrase typed where it needs one; the name is said before."""
    if not context.options.ask or context.demo is not None or context.options.offline:
        return {}
    if not can_ask():
        raise CliError("usage", "--ask asks on a terminal, and there is none.")
    found: dict[str, CredentialKeeper] = {}
    for profile in profiles:
        context.out.note(f"{profile.name}: {profile.login or 'no login'} on {profile.url}")
        secrets = ProfileSecrets(profile, EnvironmentSecrets())
        try:
            secrets.read()
        except ConfigError as error:
            context.out.note(f"  {error}")
        found[profile.name] = secrets
    return found


def told_together(reasons: Iterable[tuple[str, str]]) -> str:
    """``a, b and 3 more: reason; c: another``: profiles with the same reason, which is said once."""
    names: dict[str, list[str]] = {}
    for name, reason in reasons:
        names.setdefault(reason, []).append(name)
    return "; ".join(
        f"{', '.join(found[:NAMED])}{f' and {len(found) - NAMED} more' if len(found) > NAMED else ''}: {reason}"
        for reason, found in names.items()
    )
