"""Where the programs run: files to look at, directories of their own, a panel for billtui."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers.programs import SOME, Program, material
from bench.program import frame_of, keep_list, prepared
from bench.startup import own_directories
from bench.terminals import Terminal


@dataclass(frozen=True)
class Stage:
    """Where the programs run."""

    place: Path
    ours: dict[str, str]
    theirs: dict[str, str]

    def terminal(self, program: Program, more: tuple[tuple[str, str], ...] = ()) -> Terminal:
        """Start a program. Raises Unavailable."""
        if program.ours:
            frames = frame_of(self.ours).parent
            shutil.rmtree(frames, ignore_errors=True)
            if program.known:
                shutil.copytree(self.place / "frames", frames)
        env = (self.ours if program.ours else self.theirs) | dict(more)
        command = program.command(self.place)
        return Terminal(command, env, None if command[0] == sys.executable else self.place)


@contextmanager
def stage() -> Iterator[Stage]:
    """Directories of their own for all, files to look at, and a panel with as many orders for billtui."""
    with tempfile.TemporaryDirectory() as name, prepared(SOME) as ours:
        place = Path(name)
        material(place)
        home = place / "home"
        home.mkdir()
        kinds = ("CONFIG", "STATE", "DATA", "CACHE")
        theirs = own_directories(home) | {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in kinds}
        keep_list(ours)
        shutil.copytree(frame_of(ours).parent, place / "frames")
        yield Stage(place, ours, theirs | {"HOME": str(home)})
