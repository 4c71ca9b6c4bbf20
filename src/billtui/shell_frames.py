"""Keeps what the overview last said for the first frame of the next start (P-START-1), beside the account's copy.

Only what stands on the overview is kept, never a secret. It is written in a thread, some seconds after the words have
changed and when the program is left; nothing of it is missed when it cannot be written.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color, ColorParseError
from textual.content import Content

from billtui.config.errors import ConfigError
from billtui.config.paths import config_dir, write_private
from billtui.config.profiles import Profile, ProfileBook
from billtui.config.settings import load_settings
from billtui.shell_pictures import AreaPictures
from billtui.terminal.frame_facts import FRAMES, LAST, PLAIN, Colour, Facts, Piece, encode, forget, stamp
from billtui.widgets.profile_tag import NO_ACCENT, tag_style

if TYPE_CHECKING:
    from textual.timer import Timer

    from billtui.app import BilltuiApp
    from billtui.widgets.top_bar import Place

SETTLE_SECONDS = 3.0
"""So long the words may change before they are written."""
HOLD_SECONDS = 1.0
"""So long the first frame waits for the copy to be opened."""
MOST_LINES = 60
OVERVIEW = "overview"
"""The mode in which the overview stands."""

_TONES = {
    "$muted": "muted",
    "$faint": "faint",
    "bold": "bold",
    "$text-success": "good",
    "$text-warning": "warning",
    "bold $text-error": "bad",
    "$text-accent": "accent",
}
"""The styles of the overview → tones of the frame; any other is drawn plain."""
_VARIABLES = {
    **{name: name for name in ("foreground", "background", "panel", "surface", "muted", "faint")},
    "good": "text-success",
    "warning": "text-warning",
    "bad": "text-error",
    "accent": "text-accent",
}
_DEFAULT: Colour = ("", -1, -1)


def pieces_of(content: Content) -> list[list[Piece]]:
    """Content as lines of pieces, each with its tone."""
    text = content.plain
    tones = [""] * len(text)
    for start, end, style in content.spans:
        tones[start:end] = [_TONES.get(str(style), "")] * (min(end, len(text)) - start)
    lines: list[list[Piece]] = [[]]
    for letter, tone in zip(text, tones, strict=True):
        if letter == "\n":
            lines.append([])
        elif lines[-1] and lines[-1][-1][0] == tone:
            lines[-1][-1] = (tone, lines[-1][-1][1] + letter)
        else:
            lines[-1].append((tone, letter))
    return lines


def colours_of(variables: dict[str, str], accent: str | None, *, sixteen: bool) -> dict[str, Colour]:
    """The colours of a frame, of a theme's ``variables`` and the profile's ``accent``, for every kind of terminal."""
    found = {name: colour_of(variables.get(variable, "")) for name, variable in _VARIABLES.items()}
    style = tag_style(accent, sixteen=sixteen)
    if style == NO_ACCENT:
        found["tag"], found["on-tag"] = colour_of(variables.get("accent", "")), found["panel"]
    else:
        letters, _, ground = style.removeprefix("bold ").partition(" on ")
        found["tag"], found["on-tag"] = colour_of(ground), colour_of(letters)
    return found


def colour_of(text: str) -> Colour:
    """A colour of a theme, with its nearest of 256 and 16, as Rich chooses them."""
    try:
        colour = Color.parse(text)
    except ColorParseError:
        return _DEFAULT
    if colour.ansi is not None:
        return ("", -1, colour.ansi)
    rich = RichColor.from_rgb(*colour.rgb)
    of_256, of_16 = (rich.downgrade(one).number for one in (ColorSystem.EIGHT_BIT, ColorSystem.STANDARD))
    return colour.hex6.lower(), -1 if of_256 is None else of_256, -1 if of_16 is None else of_16


class FirstFrames:
    """What ``shell``'s overview said last, of whichever profile is open; nothing is written unless ``keep``."""

    def __init__(self, shell: BilltuiApp, *, keep: bool) -> None:
        self._shell = shell
        self._keep = keep
        self._lines: list[list[Piece]] = []
        self._news: list[list[Piece]] = []
        self._of: Place | None = None
        self._synced_at = 0
        """What the top line said, and as of when the copy was, when the overview said this."""
        self._timer: Timer | None = None
        self._held = False
        """Whether the first frame was taken over."""
        self.lists = AreaPictures(shell, keep=keep, settled=self.write)
        """How lists last stood."""
        self._writing = asyncio.Lock()

    def hold(self) -> Callable[[], None]:
        """Where a first frame stands, it stays until what is called here is called, or for :data:`HOLD_SECONDS`.

        Otherwise "nothing is known yet" would be seen between what was known and the same from the copy.
        """
        held = contextlib.ExitStack()
        if self._shell.entered is not None and not self._held:
            held.callback(self._draw)  # what was laid out meanwhile is not drawn by itself
            held.enter_context(self._shell.batch_update())
            self._shell.set_timer(HOLD_SECONDS, held.close)
        self._held = True
        return held.close

    def _draw(self) -> None:
        for screen in self._shell.screen_stack:
            screen.refresh()

    def see(self, lines: Iterable[Content], news: Content) -> None:
        """The overview of the open profile says this now."""
        found = [line for content in lines for line in pieces_of(content)][:MOST_LINES]
        said = pieces_of(news)[:MOST_LINES]
        self._stands()
        if not self._keep or (found, said) == (self._lines, self._news):
            return
        self._lines, self._news = found, said
        if self._timer is None:
            self._timer = self._shell.set_timer(SETTLE_SECONDS, self.write)

    def _stands(self) -> None:
        """What the overview says holds now: it says it anew when the copy changes, as long as it is looked at."""
        synced_at = self._shell.session.store.synced_at()
        self._of, self._synced_at = self._shell.place(), 0 if synced_at is None else int(synced_at.timestamp())

    def forget(self) -> None:
        """Another profile is open: what was said before is not its."""
        self._lines, self._news, self._of = [], [], None
        self.lists.forget()

    async def write(self) -> None:
        """Write it for the next start, in a thread."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.stop()
        async with self._writing:
            await self.lists.write()
            await self._write()

    async def _write(self) -> None:
        session = self._shell.session
        if not self._keep or session.closed or session.account is None or not self._lines:
            return  # nobody is known: what an earlier start knew holds
        if not session.store.is_complete:
            return  # neither are half of the lists the figures of any moment
        in_book = not self._shell.profile.demo
        await asyncio.to_thread(write, self._facts(), session.settings.data_dir, in_book=in_book)

    async def drop(self) -> None:
        """Somebody signed out: nothing of the account stays."""
        self.forget()
        shell = self._shell
        if self._keep:
            folder = shell.session.settings.data_dir / FRAMES
            async with self._writing:  # what is being written goes as well
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(forget, str(folder), shell.profile.name)

    def _facts(self) -> Facts:
        shell = self._shell
        if self._of is None or (shell.current_mode == OVERVIEW and len(shell.screen_stack) == 1):
            self._stands()  # where something else is looked at, the overview is not told anew
        place = self._of or shell.place()
        facts = Facts(shell.profile.name)
        facts.url, facts.login = shell.profile.url, shell.profile.login
        facts.panel, facts.account, facts.role = place.panel, place.account, place.role
        facts.balance, facts.unread = place.balance, place.unread
        facts.asks = shell.session.asks
        facts.read_only = shell.profile.read_only  # what this start alone was told, the next one is not
        facts.synced_at = self._synced_at
        facts.areas = list(shell.areas)
        facts.theme, facts.ascii = shell.settings.theme, shell.settings.ascii
        facts.lines, facts.news = self._lines, self._news
        sixteen = shell.current_theme.ansi
        facts.colours = colours_of(shell.get_css_variables(), shell.profile.accent, sixteen=sixteen)
        return facts


def write(facts: Facts, data_dir: Path, *, in_book: bool) -> None:
    """Write what the next start shows. Not in the interface's thread; what cannot be written is left.

    ``in_book``: the profile is in the book, so it can be the one that opens by itself.
    Files of profiles or settings that say something else by now than what the facts are of do not vouch for them.
    """
    folder = data_dir / FRAMES
    with contextlib.suppress(OSError, ConfigError):
        facts.settings_stamp = stamp(str(config_dir() / "settings.toml"))
        facts.profiles_stamp = stamp(str(config_dir() / "profiles.toml"))
        settings = load_settings().settings
        if (settings.theme, settings.ascii) != (facts.theme, facts.ascii):
            facts.settings_stamp = ""
        book = ProfileBook().load() if in_book else None
        if book is not None and not _is_of(facts, book.profiles.get(facts.profile)):
            forget(str(folder), facts.profile)
            return
        write_private(folder / f"{facts.profile}.frame", encode(facts))
        if book is not None and book.last_used == facts.profile:
            write_private(folder / f"{LAST}.frame", encode(facts))
        write_private(folder / f"{PLAIN}.frame", encode(_plain(facts)))


def _is_of(facts: Facts, profile: Profile | None) -> bool:
    """Whether the profile still means the panel and the login that the facts are of, and as much may be done."""
    found = None if profile is None else (profile.url, profile.login, profile.read_only)
    return found == (facts.url, facts.login, facts.read_only)


def _plain(facts: Facts) -> Facts:
    """How the program looks, with nothing of anybody."""
    plain = Facts("")
    plain.areas, plain.theme, plain.ascii = facts.areas, facts.theme, facts.ascii
    plain.colours = {**facts.colours, "tag": facts.colours["accent"], "on-tag": facts.colours["panel"]}
    return plain
