"""Opens the full-screen program on a profile or on the demo, and leaves the terminal as it was."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from billtui.config.secret_sources import EnvironmentSecrets

if TYPE_CHECKING:
    from billtui.cli.demo import Demo
    from billtui.cli.opening import Opening
    from billtui.config.credentials import AskPassphrase, CredentialStore
    from billtui.config.profiles import Profile
    from billtui.config.settings import Settings
    from billtui.services.accounts import Roster
    from billtui.services.session import Session, SessionSettings
    from billtui.services.session_events import SessionEvent
    from billtui.terminal.environment import TerminalFacts


def is_terminal() -> bool:
    """Whether somebody can see a screen and press keys."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # a closed stream is None, or says ValueError
        return bool(sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty())
    return False


def make_session(
    profile: Profile,
    listener: Callable[[SessionEvent], None],
    *,
    demo: Demo | None,
    read_only: bool,
    environment: EnvironmentSecrets | None = None,
    ask_passphrase: AskPassphrase | None = None,
    background: bool = True,
    credentials: CredentialStore | None = None,
    refresh_seconds: float | None = None,
) -> Session:
    """A session of ``profile``; that of the demo keeps everything in the demo's own folder.

    ``refresh_seconds`` is how often a panel without a feed of changes is asked, if not as usual.
    """
    from dataclasses import replace

    from billtui.config.credentials import CredentialStore
    from billtui.services.session import Session, SessionSettings

    settings = _settings(SessionSettings.of(profile, read_only=read_only, background=background), profile, demo)
    if refresh_seconds is not None:
        settings = replace(settings, refresh_seconds=refresh_seconds)
    if demo is not None and profile.demo:
        return Session(settings, listener=listener, credentials=demo.credentials(profile.login or None))
    if credentials is None:
        credentials = CredentialStore.of(profile, environment=environment, ask_passphrase=ask_passphrase)
    elif ask_passphrase is not None:
        credentials.ask_with(ask_passphrase)
    return Session(settings, listener=listener, credentials=credentials)


def _settings(settings: SessionSettings, profile: Profile, demo: Demo | None) -> SessionSettings:
    """The demo's profiles keep everything in the demo's own folder."""
    from dataclasses import replace

    if demo is None or not profile.demo:
        return settings
    return replace(settings, data_dir=demo.folder / "data", state_dir=demo.folder / "state")


def roster_of(demo: Demo | None) -> Roster:
    """The profiles in the book; beside the demo also each of its clients, as if a reseller had them all."""
    from billtui.config.profiles import ProfileBook, Profiles
    from billtui.services.accounts import Roster
    from billtui.services.session_settings import SessionSettings

    def profiles() -> Profiles:
        found = ProfileBook().load()
        if demo is None:
            return found
        return found._replace(profiles={**{one.name: one for one in demo.profiles}, **found.profiles})

    return Roster(profiles, lambda profile: _settings(SessionSettings.of(profile), profile, demo))


def run_program(
    settings: Settings,
    profile: Profile,
    facts: TerminalFacts,
    opening: Opening,
    *,
    demo: Demo | None = None,
    read_only: bool = False,
    environment: EnvironmentSecrets | None = None,
    credentials: CredentialStore | None = None,
    keep_frames: bool = True,
) -> int:
    """Run the program until it is left; gives its exit code. It goes on where ``opening`` stands.

    ``environment`` belongs to ``profile`` alone: another one chosen later never gets its secrets; so does
    ``credentials``, in which somebody has signed in already.
    """
    gc.disable()  # the app switches it on again once its first frame is drawn
    from billtui.app import BilltuiApp
    from billtui.terminal.abilities import door_choice
    from billtui.terminal.output_filter import title_sequences

    ascii_only = settings.ascii == "on" or (settings.ascii == "auto" and not facts.utf8)
    own = environment or EnvironmentSecrets()

    def session(
        profile: Profile,
        listener: Callable[[SessionEvent], None],
        ask: AskPassphrase,
        *,
        background: bool = True,
    ) -> Session:
        same = (profile.name, profile.url) == (first.name, first.url)
        return make_session(
            profile,
            listener,
            demo=demo,
            read_only=read_only,
            environment=own if same else EnvironmentSecrets(),
            ask_passphrase=ask,
            background=background,
            credentials=credentials if same and background else None,
            refresh_seconds=settings.refresh_seconds,
        )

    def examined() -> list[tuple[str, str]]:
        from billtui.cli.doctor import examine

        return examine(own, facts)

    first = profile
    app = BilltuiApp(
        settings=settings,
        profile=profile,
        make_session=session,
        make_roster=lambda: roster_of(demo),
        ascii_only=ascii_only,
        doctor=examined,
        keep_frames=keep_frames,
        begins_in=opening.chosen_area(),
    )
    app.entered = opening.entered()
    app.door_wanted = door_choice(settings.door, os.environ).open
    name, restore = title_sequences(f"billtui: {profile.name}")
    opening.goes_on_as(lambda code: app.call_from_thread(app.leave_politely, code))
    with opening:
        guard = opening.watch()
        if app.entered is None:
            to_terminal(name)
        else:
            from dataclasses import replace

            # Behind what the line has not taken yet of the first frame, and as little waited for.
            app.entered = replace(app.entered, rest=app.entered.rest + name.encode())
        app.run(mouse=settings.mouse)
        to_terminal(restore)
    if app.crash_text:
        sys.stderr.write(app.crash_text + "\n")
    return guard.exit_code(app.return_code or 0)


def to_terminal(sequence: str) -> None:
    """Write where Textual writes; a terminal that is gone is the guard's business."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(sequence)
        sys.stderr.flush()
