"""Shows the guide of the first start on a terminal, and goes on with what it led to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.cli.start import to_terminal
from billtui.config.secret_sources import EnvironmentSecrets
from billtui.config.settings import Settings

if TYPE_CHECKING:
    from billtui.config.credentials import AskPassphrase, CredentialStore
    from billtui.config.profiles import Profile
    from billtui.guide import Chosen
    from billtui.services.session import Session
    from billtui.terminal.environment import TerminalFacts


def run_guide(settings: Settings, facts: TerminalFacts, environment: EnvironmentSecrets) -> tuple[Chosen | None, int]:
    """Run the guide; what was chosen (``None``: it was left), and the exit code for then.

    ``environment`` was meant for the one profile that is made here.
    """
    import os
    import sys

    from billtui.guide import GuideApp
    from billtui.terminal.abilities import door_choice
    from billtui.terminal.guard import Guard
    from billtui.terminal.output_filter import title_sequences

    def session(profile: Profile, ask: AskPassphrase) -> tuple[Session, CredentialStore]:
        from billtui.config.credentials import CredentialStore
        from billtui.services.session import Session, SessionSettings

        credentials = CredentialStore.of(profile, environment=environment, ask_passphrase=ask)
        return Session(SessionSettings.of(profile, background=False), credentials=credentials), credentials

    ascii_only = settings.ascii == "on" or (settings.ascii == "auto" and not facts.utf8)
    app = GuideApp(settings=settings, open_session=session, ascii_only=ascii_only)
    app.door_wanted = door_choice(settings.door, os.environ).open
    name, restore = title_sequences("billtui")
    with Guard(lambda number: app.call_from_thread(app.leave_politely, 128 + number)) as guard:
        to_terminal(name)
        chosen = app.run(mouse=settings.mouse)
        to_terminal(restore)
    if app.crash_text:
        sys.stderr.write(app.crash_text + "\n")
    return chosen, guard.exit_code(app.return_code or 0)
