"""Several profiles in one program: which one is open, switching, and all accounts beside each other."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from billtui.commands import handles
from billtui.config.profiles import Profile, ProfileBook
from billtui.services.session_events import ConnectionChanged, ConnectionState, SessionEvent
from billtui.shell_news import News
from billtui.terminal.output_filter import new_title

if TYPE_CHECKING:
    from billtui.config.credentials import AskPassphrase
    from billtui.services.accounts import AccountsDesk, Kind, Roster
    from billtui.services.session import Session
    from billtui.shell_frames import FirstFrames


class SessionFactory(Protocol):
    """Makes a session of a profile."""

    def __call__(
        self,
        profile: Profile,
        listener: Callable[[SessionEvent], None],
        ask: AskPassphrase,
        *,
        background: bool = True,
    ) -> Session:
        """Its events go to ``listener``, a secret file's passphrase is asked of ``ask``.

        Without ``background`` it does nothing by itself.
        """


class ProfileSwitching(News):
    """The part of the shell that knows of other profiles than the one that is open."""

    _make_roster: Callable[[], Roster] | None = None
    _make_session: SessionFactory
    _desk: AccountsDesk | None = None
    _switching: bool = False
    frames: FirstFrames

    # -- switching

    async def switch_profile(self, profile: Profile, then: Callable[[], None] | None = None) -> None:
        """Close this session and open one with ``profile``; nothing of the first reaches the second.

        Everything that was asked or worked out for the first ends here: its questions, its workers, its screens. The
        new session is in place before the old one ends, so a late answer of the old one meets nobody. ``then`` shows
        something of the new one. What is typed meanwhile is meant for the new one, and waits for it.
        """
        opening = self.typing.begin(everywhere=True)
        try:
            await self._switch(profile)
            if then is not None:
                then()
        finally:
            self.typing.end(opening, whole=True)

    async def _switch(self, profile: Profile) -> None:
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        self._signing_in = False  # its form went without an answer
        for waiting in self._waiting_for_sign_in:
            waiting.cancel()  # what was confirmed for the profile before is not sent for this one
        self._waiting_for_sign_in.clear()
        self.workers.cancel_node(self.screen)
        self.workers.cancel_group(self, "refresh")
        self._forget_plans()
        await self.frames.write()
        self.frames.forget()
        before = self.session
        if self._desk is not None:
            await self._desk.let_go(profile.name)
        self.profile = profile
        self._connection = ConnectionChanged(ConnectionState.CONNECTING)
        self.session = self._new_session(profile)
        self.starts(anew=True)
        await self.boundary(before.close())
        await self._fresh_areas()
        self._show_title(profile)
        await self._open_session()
        self._reload_all(force=True)
        self.dress_all()
        await self.boundary(asyncio.to_thread(self._note_last, profile))

    async def _fresh_areas(self) -> None:
        """Every area anew: no screen keeps anything of the profile before."""
        shown = self.current_mode
        resting = next(name for name in self.MODES if name != shown)
        for name in (*(one for one in self.MODES if one != shown), shown):
            if name == shown:
                await self.switch_mode(resting)
            await self.remove_mode(name)
            self.add_mode(name, self.MODES[name])
        await self.switch_mode(shown)

    def _note_last(self, profile: Profile) -> None:
        """The next start opens it; what is not in the book (the demo, ``--url``) is not noted."""
        book = ProfileBook()
        if not profile.demo and book.load().profiles.get(profile.name) == profile:
            book.use(profile.name)

    def _show_title(self, profile: Profile) -> None:
        """The terminal's title names the profile that is open."""
        if self._driver is not None:
            self._driver.write(new_title(f"billtui: {profile.name}"))

    async def _switch_if_wanted(self, profile: Profile, then: Callable[[], None] | None = None) -> None:
        """Switch to another profile; ask first where something is held back or at work: it ends or waits."""
        from billtui.screens.modals.choice import Choice, ChoiceDialog

        if self._switching:
            return
        self._switching = True
        try:
            held, running = self.held_titles, self._running_jobs()
            if held or running:
                dropped = ["What is held back is dropped: nothing of it is sent"] if held else []
                waits = ["What was sent is finished, the rest waits for you here"] if running else []
                words = [f"Held back and not sent yet: {'; '.join(held)}."] if held else []
                if running:
                    words.append(f"At work: {'; '.join(running)}. When you are back: 4, then p goes on with it.")
                choices = [
                    Choice("stay", "Stay here", "It is sent when its time is over; u takes it back" if held else ""),
                    Choice("switch", f"Switch to {profile.name}", ". ".join([*dropped, *waits])),
                ]
                dialog = ChoiceDialog("Switch profile?", choices, note=" ".join(words), chosen="stay")
                if await self.push_screen_wait(dialog) != "switch":
                    return
            await self.switch_profile(profile, then)
        finally:
            self._switching = False

    def begin_switch(self, profile: Profile, then: Callable[[], None] | None = None) -> None:
        """Switch, asked first where it matters, in a worker that no screen's end cancels."""
        self._in_worker(self._switch_if_wanted(profile, then))

    def _in_worker(self, work: Coroutine[Any, Any, object]) -> None:
        part = self.part_of_opening(work)
        self.begin_work(self, self.boundary(part), part, group="profiles")

    @handles("app.profile")
    def choose_profile(self) -> None:
        """The profiles with what their copies say, to switch to one, or all accounts in one list."""
        self._in_worker(self._choose_profile())

    async def _choose_profile(self) -> None:
        from billtui.screens.modals.profiles import ALL_ACCOUNTS, ProfileDialog, summaries

        profiles = self._profiles_beside()
        problems = self.roster.profiles().problems
        copies = await asyncio.to_thread(summaries, profiles, self.roster)
        dialog = ProfileDialog(copies, chosen=self.profile.name, problems=problems)
        name = await self.push_screen_wait(dialog)
        if name == ALL_ACCOUNTS:
            self.show_accounts()
        elif name is not None and name != self.profile.name:
            await self._switch_if_wanted(next(one for one in profiles if one.name == name))

    def _profiles_beside(self) -> list[Profile]:
        """Every profile there is, the open one among them. Raises ConfigError."""
        found = list(self.roster.profiles().profiles.values())
        if self.profile.name not in {one.name for one in found}:
            found.insert(0, self.profile)
        return found

    # -- all accounts

    @cached_property
    def roster(self) -> Roster:
        """All profiles with their copies; made when it is first asked, which few starts do."""
        from billtui.services.accounts import Roster

        return Roster() if self._make_roster is None else self._make_roster()

    @property
    def accounts(self) -> AccountsDesk:
        """The accounts of all profiles, each in a session of its own; made when first wanted."""
        if self._desk is None:
            from billtui.services.accounts import AccountsDesk

            self._desk = AccountsDesk(self._quiet_session, self.roster, changed=self._account_changed)
        return self._desk

    def _quiet_session(self, profile: Profile, listener: Callable[[SessionEvent], None], ask: AskPassphrase) -> Session:
        return self._make_session(profile, listener, ask, background=False)

    def _account_changed(self, name: str) -> None:
        """A line of the desk changed: whoever shows it draws it anew."""
        for screen in self.screen_stack:
            hear = getattr(screen, "account_changed", None)
            if hear is not None and screen.is_mounted:
                hear(name)

    @handles("app.accounts")
    def show_accounts(self) -> None:
        """Expiries and unpaid invoices of every profile in one list."""
        from billtui.screens.accounts import AccountsScreen

        if not isinstance(self.screen, AccountsScreen):
            self.push_screen(AccountsScreen())

    def open_in(self, name: str, kind: Kind, object_id: str) -> None:
        """Show an invoice or order (or just the account) of a profile: switches to it first."""

        from billtui.services.accounts import Kind

        def show() -> None:
            if kind is Kind.INVOICE:
                self.show_invoice(object_id)
            elif kind is Kind.ORDER:
                self.show_order(object_id)

        if name == self.profile.name:
            show()
            return
        profile = next((one for one in self._profiles_beside() if one.name == name), None)
        if profile is None:
            self.say(f"There is no profile {name} any more.", "warning")
        else:
            self.begin_switch(profile, show)

    def running_titles(self) -> list[str]:
        """Jobs at work, of the open account and of others."""
        others = self._desk.running() if self._desk is not None else []
        return [*self._running_jobs(), *(f"{title} ({name})" for name, title in others)]

    async def close_accounts(self) -> None:
        """End the sessions of other accounts; what was confirmed stays in the journal."""
        if self._desk is not None:
            await self._desk.close()

    # -- what the rest of the shell gives

    @abstractmethod
    def _new_session(self, profile: Profile) -> Session:
        """A session of ``profile``, not open yet."""

    @abstractmethod
    async def _open_session(self) -> None:
        """Open the present one."""
