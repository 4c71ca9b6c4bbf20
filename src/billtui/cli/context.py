"""What a verb works with: its options, its output, its profile, and a session where it needs one."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from billtui.cli.demo import DEFAULT_FLEET, DEFAULT_SEED, Demo, demo_folder, running_demo
from billtui.cli.exits import Exit
from billtui.cli.needs import needed
from billtui.cli.problems import CliError
from billtui.cli.secrets import EnvironmentKeeper, ProfileSecrets
from billtui.config.paths import state_dir
from billtui.config.profile_rules import name_of_copy
from billtui.config.profiles import Profile, ProfileBook, without_profile
from billtui.config.secret_sources import EnvironmentSecrets, take_environment
from billtui.config.settings import Settings, load_settings
from billtui.services.session_events import JobsRecovered, PanelMistake, SessionEvent, StoreRebuilt, StoreTrouble
from billtui.services.store import KnownAccount, KnownAccounts

if TYPE_CHECKING:
    from billtui.cli.output import Output
    from billtui.domain.models import Account
    from billtui.services.journal import JournalReader
    from billtui.services.session import Session, SessionSettings
    from billtui.services.session_settings import CredentialKeeper

SIGN_OUT_SECONDS = 3.0
NO_PROFILE_YET = (
    "There is no profile yet.\n"
    "  billtui --demo            look around on the built-in panel; nothing is real\n"
    "  billtui profile add       name your panel, then sign in with: billtui login\n"
    "  --url URL --login LOGIN   for scripts, with BILLTUI_TOKEN or BILLTUI_PASSWORD in the environment"
)


def last_profile(book: ProfileBook | None = None) -> Profile | None:
    """The profile used last, or the only one there is; ``None`` where there is none at all.

    Raises CliError where there are several and none was used yet, ConfigError.
    """
    loaded = (book or ProfileBook()).load()
    if loaded.last_used is not None:
        return loaded.profiles[loaded.last_used]
    if len(loaded.profiles) == 1:
        return next(iter(loaded.profiles.values()))
    if not loaded.profiles:
        return None
    raise CliError("usage", f"Which profile? --profile NAME; there are: {', '.join(loaded.profiles)}.")


NOBODY_SIGNED_IN = (("login",), ("password", "recover"))
"""Verbs that do not look for a kept secret: the passphrase of a file would be asked for in vain."""


class Context:
    """One run of one verb."""

    def __init__(self, options: argparse.Namespace, out: Output, environment: EnvironmentSecrets | None = None) -> None:
        """Takes the secrets out of the environment (unless that was done), so that no child gets them."""
        self.options = options
        self.out = out
        self.environment = environment or take_environment()
        self.job_id: str | None = None
        """The job that this command submitted or works on."""
        self.session: Session | None = None
        self.demo: Demo | None = None
        self.credentials: CredentialKeeper | None = None
        self._profile: Profile | None = None
        self._settings: Settings | None = None

    # -- who and where

    @property
    def settings(self) -> Settings:
        """The program's settings. Raises ConfigError."""
        if self._settings is None:
            self._settings = load_settings().settings
        return self._settings

    @property
    def profile(self) -> Profile:
        """The profile of this run. Raises CliError where there is none, ConfigError."""
        if self._profile is None:
            self._profile = self._find_profile()
        return self._profile

    def _find_profile(self) -> Profile:
        options = self.options
        if self.demo is not None:
            profile = self.demo.profile
            return profile.model_copy(update={"login": options.login}) if options.login else profile
        if options.url:
            return without_profile(options.url, options.login or "")
        name = options.profile or (getattr(options, "name", None) if options.verb.path[0] == "profile" else None)
        if name:
            return ProfileBook().get(name)
        last = last_profile()
        if last is None:
            raise CliError("no-profile", NO_PROFILE_YET)
        return last

    @property
    def demo_numbers(self) -> tuple[int, int]:
        """Fleet and seed of the demo."""
        fleet, seed = self.options.fleet, self.options.seed
        return DEFAULT_FLEET if fleet is None else fleet, DEFAULT_SEED if seed is None else seed

    @property
    def journal_path(self) -> Path:
        """The journal of this run's panel; without starting the demo's."""
        if not self.options.demo:
            return state_dir() / "journal.db"
        return demo_folder(*self.demo_numbers, hostile=self.options.hostile) / "state" / "journal.db"

    @contextlib.contextmanager
    def journal(self) -> Iterator[JournalReader]:
        """The journal to read from; needs neither network nor profile."""
        from billtui.services.journal import JournalReader

        reader = JournalReader(self.journal_path)
        try:
            yield reader
        finally:
            reader.close()

    # -- the session

    def prepare(self, stack: ExitStack) -> None:
        """Before the loop: start the demo's panel, find the secret (which may ask for a passphrase)."""
        if self.options.demo:
            fleet, seed = self.demo_numbers
            self.demo = stack.enter_context(
                running_demo(fleet=fleet, seed=seed, hostile=self.options.hostile, reset=self.options.reset)
            )
            self.credentials = self.demo.credentials(self.options.login)
            if self.credentials.load() is None:  # somebody changed its password: as at any panel
                self.credentials = EnvironmentKeeper(self.environment)
        elif self.options.url:
            self.credentials = EnvironmentKeeper(self.environment)
        elif self.options.verb.path[0] == "accounts":
            return  # each of the profiles has its own secret: household.py
        else:
            secrets = ProfileSecrets(self.profile, self.environment)
            self.credentials = secrets
            if self.options.verb.path not in NOBODY_SIGNED_IN and not getattr(self.options, "offline", False):
                secrets.read()

    def session_settings(self) -> SessionSettings:
        """Which panel, as whom; nothing goes on in the background of a command."""
        from billtui.services.session import SessionSettings

        settings = SessionSettings.of(self.profile, read_only=bool(self.options.read_only), background=False)
        settings = replace(settings, program=" ".join(self.options.verb.path))
        if self.demo is not None:
            return replace(settings, data_dir=self.demo.folder / "data", state_dir=self.demo.folder / "state")
        if self.options.url:  # each address and login has a copy of its own to read with --offline
            return replace(settings, profile=name_of_copy(settings.connection.url, settings.login))
        return settings

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Session]:
        """A session that has opened its copy and asked nothing yet."""
        from billtui.services.session import Session

        async with Session(self.session_settings(), listener=self._heard, credentials=self.credentials) as session:
            self.session = session
            try:
                yield session
            finally:
                await self._sign_out_again(session)

    @contextlib.asynccontextmanager
    async def signed_in(self, *, fresh: bool = False) -> AsyncIterator[tuple[Session, Account]]:
        """A session with its account; with ``fresh`` the copy has caught up with the panel."""
        async with self.open() as session:
            account = await session.connect()
            self.check_panel_can(session)
            if fresh:
                await session.refresh()
            yield session, session.account or account

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A session whose copy can be listed: caught up, or as it was with ``--offline``."""
        async with self.open() as session:
            if not getattr(self.options, "offline", False):
                await session.refresh()
            elif session.store.synced_at() is None:
                raise CliError("no-copy", "There is no local copy yet: leave --offline away once.", Exit.NOT_FOUND)
            self.check_panel_can(session)
            yield session

    def check_panel_can(self, session: Session) -> None:
        """Whether the panel can do what this verb is for, for this account. Raises CliError with what to do instead."""
        for one in needed(self.options):
            if why := session.unavailable(one):
                raise CliError("capability-missing", why, Exit.REFUSED)

    async def _sign_out_again(self, session: Session) -> None:
        """A script's password made a session of its own on the panel: it does not outlive the command."""
        credential = self.credentials.load() if isinstance(self.credentials, EnvironmentKeeper) else None
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            return  # ctrl+c: what is under way still needs the session
        account = session.account
        if credential is None or credential.kind != "password" or not session.signed_in or account is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SIGN_OUT_SECONDS):
                for line in await session.sign_out():
                    self.out.note(line)
        settings = session.settings  # signing out also forgets whose copy it is; the next --offline wants it
        who = KnownAccount(
            account.panel_id.raw, account.account_id.raw, settings.connection.url, settings.login or account.login.raw
        )
        KnownAccounts(settings.data_dir).put(settings.profile, who)

    def _heard(self, event: SessionEvent) -> None:
        """In the session's threads."""
        if isinstance(event, JobsRecovered):
            found = event.found
            if found.unknown:
                self.out.note(f"An earlier run ended while sending; {len(found.unknown)} outcomes are looked up now.")
            if found.paused:
                self.out.note(f"{len(found.paused)} jobs of an earlier run wait: billtui jobs list --open")
            if found.codeless:
                self.out.note(
                    f"{len(found.codeless)} steps of transfers were not sent: their codes were in memory only. "
                    "Give them again: billtui transfers confirm, or accept."
                )
            if found.dropped:
                self.out.note(f"{len(found.dropped)} operations were never confirmed and were dropped.")
        elif isinstance(event, StoreTrouble | StoreRebuilt | PanelMistake):
            self.out.note(event.message)
