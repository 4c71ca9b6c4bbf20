"""The program while it opens: its first frame, and who watches over the terminal until the program has it.

Importing this loads nothing that `python -c pass` has not loaded, and a few small things (P-START-1).
"""

from __future__ import annotations

import os
import time

from billtui.config.places import place
from billtui.terminal import early
from billtui.terminal.first_frame import Look, draw
from billtui.terminal.frame_facts import FRAMES, LAST, PLAIN, Facts, forget, pictures_of, read, stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from billtui.terminal.early_keys import Answers, EarlyKeys
    from billtui.terminal.entered import Entered
    from billtui.terminal.guard import Guard

DEMO_PROFILE = "demo"
"""The name of the demo's first client, and of its folder."""


def frames_of(data_dir: str) -> str:
    """The folder of frames beside the copies in ``data_dir``."""
    return f"{data_dir}/{FRAMES}"


class Opening:
    """From the first frame to the program's own; :meth:`end` gives the terminal back whatever happened."""

    def __init__(self) -> None:
        """Nothing is drawn yet."""
        self._screen: early.EarlyScreen | None = None
        self._guard: Guard | None = None
        self._leave: Callable[[int], object] | None = None
        self._keys: EarlyKeys | None = None
        self._answers: Answers | None = None
        self._typed = b""

    def chosen_area(self) -> str:
        """The area whose list stands there, as its key was typed; empty for none. From now on no key is answered."""
        keys, self._keys = self._keys, None
        if keys is not None:
            self._typed = keys.stop()
        return "" if self._answers is None else self._answers.area

    def entered(self) -> Entered | None:
        """What the driver takes over; ``None`` where nothing was drawn."""
        if self._screen is None:
            return None
        from billtui.terminal.entered import Entered

        self.chosen_area()
        screen = self._screen
        return Entered(screen.attributes, rest=screen.rest, taken=screen.hand_over, typed=self._typed)

    def show(self, facts: Facts, ascii_setting: str = "auto") -> None:
        """Draw the first frame, once, where somebody can see it."""
        if self._screen is not None or not early.can_be_drawn():
            return
        columns, rows = early.size()
        look = Look(os.environ, ascii_setting)
        self._screen = early.take(draw(facts, look, columns, rows, time.time()))
        if self._screen is not None:
            self.watch()
            self._answer_keys(self._screen, facts, look, (columns, rows))

    def _answer_keys(self, screen: early.EarlyScreen, facts: Facts, look: Look, size: tuple[int, int]) -> None:
        """Have the keys of areas answered while the program loads, where a list is kept and no password awaited."""
        config = place("CONFIG")
        if (
            facts.asks
            or config is None
            or not facts.lines
            or not facts.folder
            or not pictures_of(facts.folder, facts.profile)
        ):
            return
        from billtui.terminal.early_keys import Answers, EarlyKeys

        self._answers = Answers(screen, facts, look, size, stamp(f"{config}/settings.toml"))
        self._keys = EarlyKeys(self._answers.answer)

    def watch(self) -> Guard:
        """Have somebody watch the terminal and the signals from now on."""
        if self._guard is None:
            from billtui.terminal.guard import Guard

            attributes = None if self._screen is None else self._screen.attributes
            self._guard = Guard(self._end_politely, attributes=attributes)
            self._guard.__enter__()
            if self._screen is not None:
                self._screen.guarded()
        return self._guard

    def goes_on_as(self, leave: Callable[[int], object]) -> None:
        """The program is there: whoever asks it to end, asks it by ``leave`` (128 + the signal's number)."""
        self._leave = leave

    def _end_politely(self, number: int) -> None:
        try:
            if self._leave is not None:
                self._leave(128 + number)
                return
        except RuntimeError:  # it does not run yet, or no more
            pass
        if self._guard is not None:
            self._guard.end_at_once()

    def end(self) -> None:
        """The program has ended, or did not begin: the terminal is the shell's again."""
        self.chosen_area()
        screen, self._screen = self._screen, None
        if screen is not None:
            screen.give_back()
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.__exit__(None, None, None)

    def __enter__(self) -> Opening:
        """What stands is given back when the block ends."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Whatever happened."""
        self.end()


def begun(arguments: list[str]) -> Opening:
    """With the commonest arguments a first frame stands when this returns: the last one, where that still holds."""
    opening = Opening()
    facts = None
    if arguments == [] or (len(arguments) == 2 and arguments[0] in ("-p", "--profile")):
        facts = _of_profile(*arguments[1:])
    elif arguments == ["--demo"]:
        facts = _of_demo()
    if facts is None and early.can_be_drawn():
        from billtui.cli.first_look import first_look

        facts = first_look(arguments)
    if facts is not None:
        opening.show(facts, facts.ascii)
    return opening


def forget_frames(data_dir: object, profile: str) -> None:
    """Nothing of ``profile`` is shown before it is opened again; what cannot be deleted is left."""
    try:
        forget(frames_of(str(data_dir)), profile)
    except OSError:
        pass


def last_known(folder: str, name: str, *, theme: str, url: str = "", login: str = "") -> Facts:
    """What was last known of the profile ``name`` (none where that is empty), or at least how the program looks.

    With ``url`` only what was of that panel and login.
    """
    facts = read(f"{folder}/{name}.frame") if name else None
    if facts is None or facts.theme != theme or (url and (facts.url, facts.login) != (url, login)):
        plain = read(f"{folder}/{PLAIN}.frame")
        facts = Facts(name)
        if plain is not None:
            facts.areas = plain.areas
            facts.colours = plain.colours if plain.theme == theme else {}
    return facts


def _of_profile(name: str = "") -> Facts | None:
    data, config = place("DATA"), place("CONFIG")
    if data is None or config is None:
        return None
    folder = frames_of(data)
    facts = read(f"{folder}/{name or LAST}.frame") if _is_name(name) else None
    if facts is None or not facts.lines or (name and facts.profile != name):
        return None
    stamps = stamp(f"{config}/profiles.toml"), stamp(f"{config}/settings.toml")
    return facts if stamps == (facts.profiles_stamp, facts.settings_stamp) else None


def _of_demo() -> Facts | None:
    data, config = place("DATA"), place("CONFIG")
    if data is None or config is None:
        return None
    facts = read(f"{frames_of(f'{data}/{DEMO_PROFILE}/data')}/{DEMO_PROFILE}.frame")
    if facts is None or not facts.lines or facts.settings_stamp != stamp(f"{config}/settings.toml"):
        return None
    return facts


def _is_name(name: str) -> bool:
    return all(one.isascii() and (one.isalnum() or one in "-_") for one in name)
