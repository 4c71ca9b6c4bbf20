"""The guide of the first start, driven by keys alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr
from textual.pilot import Pilot

from billtui.config.credentials import AskPassphrase, CredentialStore
from billtui.config.keyring_access import KeyringAccess
from billtui.config.profiles import Profile
from billtui.config.settings import Settings
from billtui.guide import Chosen, GuideApp
from billtui.services.session import Session, SessionSettings
from tests.support.command_line import environment
from tests.support.driving import PATIENCE, press, screen_text
from tests.support.queueing import Stopwatch


@dataclass
class GuideDriver:
    """Presses keys, reads the screen, waits for conditions."""

    app: GuideApp
    pilot: Pilot[Chosen]

    async def press(self, *keys: str) -> None:
        """Press keys one after the other; each is worked off before the next."""
        for key in keys:
            await press(self.app, self.pilot, key)

    async def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        await self.press(*text)

    def text(self) -> str:
        """The screen as text."""
        return screen_text(self.app.screen)

    def value(self, field: str) -> str:
        """What stands in a field of the guide."""
        from textual.widgets import Input

        return self.app.screen.query_one(f"#{field}", Input).value

    @property
    def focus(self) -> str | None:
        """The id of what has the focus."""
        return None if self.app.focused is None else self.app.focused.id

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Let the guide work until ``condition`` holds."""
        watch = Stopwatch()
        while not condition():
            assert not watch.has_run(PATIENCE), f"waited in vain for {what}\n{self.text()}"
            await self.pilot.pause(0.02)

    async def sees(self, *words: str) -> None:
        """Wait until all ``words`` stand on the screen."""
        for word in words:
            await self.until(lambda word=word: word in self.text(), f"“{word}”")  # type: ignore[misc]  # a default argument binds the word

    async def on(self, name: str) -> None:
        """Wait until a screen of this class is on top."""
        await self.until(
            lambda: type(self.app.screen).__name__ == name and self.app.typing.shows(self.app.screen), name
        )

    async def ended(self) -> Chosen | None:
        """Wait until the guide has ended; what it led to."""
        watch = Stopwatch()
        while self.app.return_code is None:
            assert not watch.has_run(PATIENCE), f"still there: {self.text()}"
            await asyncio.sleep(0.02)
        return self.app.return_value


@asynccontextmanager
async def guide(size: tuple[int, int] = (80, 24)) -> AsyncIterator[GuideDriver]:
    """The guide on a host without a keyring; sign-ins are kept as the program would keep them."""

    def session(profile: Profile, ask: AskPassphrase) -> tuple[Session, CredentialStore]:
        keyring = KeyringAccess(environment=environment())
        credentials = CredentialStore.of(profile, ask_passphrase=ask, keyring=keyring)
        return Session(SessionSettings.of(profile, background=False), credentials=credentials), credentials

    app = GuideApp(settings=Settings(), open_session=session)
    async with app.run_test(size=size) as pilot:
        driver = GuideDriver(app, pilot)
        await driver.on("GuideScreen")
        try:
            yield driver
        finally:
            if app.return_code is None:
                await app.leave()


def token_of(chosen: Chosen) -> SecretStr:
    """The token that the guide left for the program."""
    assert chosen.credentials is not None
    credential = chosen.credentials.load()
    assert credential is not None
    assert credential.kind == "token"
    return credential.secret
