"""Keeps how the lists last stood on the terminal, for a key that is typed while the next start loads (P-START-2).

Only lists of the copy, in the state in which they open (``BilltuiScreen.stands_as_opened``): no words of a filter, no
marks, no question, no message, the cursor on the first row. Nothing is copied while somebody works: the door's picture
is remembered when the area is left, and written some seconds later, or when the program is left, in a thread.
Private interface of Textual used: ``App._notifications``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from billtui.config.errors import ConfigError
from billtui.config.paths import config_dir, write_private
from billtui.config.profiles import ProfileBook
from billtui.config.settings import load_settings
from billtui.screens.base import BilltuiScreen
from billtui.terminal import area_picture
from billtui.terminal.area_picture import ABOVE, BELOW, Picture, Run
from billtui.terminal.first_frame import Look
from billtui.terminal.frame_facts import FRAMES, MOST_BYTES, forget, picture_name, pictures_of, stamp

if TYPE_CHECKING:
    from textual.timer import Timer

    from billtui.app import BilltuiApp
    from billtui.terminal.attributes import Attributes
    from billtui.terminal.screenful import Row, Screenful

SETTLE_SECONDS = 3.0
"""So long after an area was left its list is written: what was opened instead comes first."""


class AreaPictures:
    """How the lists of ``shell``'s open profile last stood; nothing is kept unless ``keep``."""

    def __init__(self, shell: BilltuiApp, *, keep: bool, settled: Callable[[], Awaitable[None]]) -> None:
        """``settled`` is called when what was seen should be written, and calls :meth:`write`."""
        self._shell = shell
        self._keep = keep
        self._settled = settled
        self._seen: dict[str, tuple[Picture, Screenful]] = {}
        self._written: dict[str, Screenful] = {}
        self._timer: Timer | None = None

    def see(self) -> None:
        """What is on top is about to be left: remember it, where it is a list as it opens."""
        shell = self._shell
        session, area, screen = shell.session, shell.current_mode, shell.screen_stack[-1]
        screenful = shell.intended_of(screen) if shell.typing.shows(screen) else None
        if not self._keep or screenful is None or session.closed or session.account is None:
            return
        synced_at = session.store.synced_at()
        if synced_at is None or not session.store.is_complete or len(shell.screen_stack) != 1:
            return
        if not isinstance(screen, BilltuiScreen) or not screen.stands_as_opened() or len(shell._notifications):
            return
        if self._written.get(area) is screenful:
            return
        title = screen.area
        key = next((key for key, name in shell.areas if name == title), "")
        if len(key) != 1 or not key.isascii() or not key.isalnum():
            return
        picture = Picture()
        picture.profile, picture.url, picture.login = shell.profile.name, shell.profile.url, shell.profile.login
        picture.account, picture.area, picture.key, picture.title = shell.place().account, area, key, title
        picture.theme, picture.synced_at = shell.settings.theme, int(synced_at.timestamp())
        picture.look = area_picture.look_of(Look(os.environ, shell.settings.ascii))
        self._seen[area] = picture, screenful
        if self._timer is None:
            self._timer = shell.set_timer(SETTLE_SECONDS, self._settled)

    def forget(self) -> None:
        """Another profile is open, or nobody is signed in: what was seen before is not of it."""
        self._seen, self._written = {}, {}

    async def write(self) -> None:
        """Write what was seen, in a thread."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.stop()
        seen, self._seen = self._seen, {}
        session, shell = self._shell.session, self._shell
        if not seen or session.closed or session.account is None:
            return
        self._written |= {area: screenful for area, (_, screenful) in seen.items()}
        in_book, ascii_setting = not shell.profile.demo, shell.settings.ascii
        await asyncio.to_thread(
            write, list(seen.values()), session.settings.data_dir, ascii_setting=ascii_setting, in_book=in_book
        )


def write(seen: list[tuple[Picture, Screenful]], data_dir: Path, *, ascii_setting: str, in_book: bool) -> None:
    """Write lists for the next start. Not in the interface's thread; what cannot be written is left.

    ``in_book``: the profile is in the book, and is looked up there: one that means another panel or login by now, or
    is not there any more, keeps nothing. ``ascii_setting`` is the setting that they were drawn with.
    """
    folder = data_dir / FRAMES
    with contextlib.suppress(OSError, ConfigError):
        settings_stamp = stamp(str(config_dir() / "settings.toml"))
        settings = load_settings().settings
        book = ProfileBook().load() if in_book else None
        for picture, screenful in seen:
            if book is not None:
                profile = book.profiles.get(picture.profile)
                if profile is None or (profile.url, profile.login) != (picture.url, picture.login):
                    forget(str(folder), picture.profile)
                    return
            _forget_others(folder, picture)
            if (settings.theme, settings.ascii) != (picture.theme, ascii_setting):
                continue
            picture.settings_stamp = settings_stamp
            picture.columns, picture.rows = screenful.columns, screenful.lines
            picture.lines = [runs_of(row) for row in screenful.rows[ABOVE : screenful.lines - BELOW]]
            content = area_picture.encode(picture)
            if len(content) <= MOST_BYTES:
                write_private(folder / picture_name(picture.profile, picture.key), content)


def _forget_others(folder: Path, picture: Picture) -> None:
    """Lists of another account that the same profile led to before."""
    for name in pictures_of(str(folder), picture.profile):
        other = area_picture.read(str(folder / name))
        if other is None or (other.url, other.login, other.account) != (picture.url, picture.login, picture.account):
            (folder / name).unlink(missing_ok=True)


def runs_of(row: Row) -> list[Run]:
    """A line of cells as runs of one look; what some terminal may draw wider or narrower is a run of its own.

    Blanks go with the word before or behind them, where nothing but their background is seen.
    """
    runs: list[Run] = []
    start, text = 0, ""
    look: Attributes | None = None
    for column, cell in enumerate(row):
        its = cell.attributes
        if look is None or not cell.sure:
            fits = False
        elif cell.text == " ":
            fits = its in (look, look.rest)
        else:
            fits = its is look
            if not fits and its.rest is look and not text.strip(" "):
                look, fits = its, True
        if not fits:
            if look is not None:
                runs.append((start, look.codes, text))
            start, text, look = column, "", its
        text += cell.text
        if not cell.sure and cell.width:
            runs.append((start, its.codes, text))
            look = None
    if look is not None:
        ends_blank = row[-1].text == " " and not row[-1].attributes.shows_blanks
        words = text.rstrip(" ") if ends_blank and row[-1].attributes is look.rest else text
        runs.append((start, look.codes, words))
        if len(words) < len(text) and words:
            runs.append((len(row) - len(text) + len(words), row[-1].attributes.codes, ""))
    return runs
