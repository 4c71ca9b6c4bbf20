"""Saving attachments: which, where, and never over a file without a yes. Nothing is ever run (TKT-6)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from billtui.config.paths import typed_path
from billtui.screens.modals.checklist import ChecklistDialog
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.prompt import Prompt
from billtui.services.saved_files import free_path, harmless_name, is_free
from billtui.widgets.formats import count_text
from billtui.widgets.thread import ThreadFile
from billtui.widgets.thread_lines import size_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

BESIDE: Final = "beside"
REPLACE: Final = "replace"
SKIP: Final = "skip"


async def save_attachments(app: Shell, files: Sequence[tuple[ThreadFile, str]]) -> None:
    """Ask which of ``files`` (each with who sent it) and where to, then save them one by one."""
    if not files:
        app.say("There are no attachments in this thread.")
        return
    chosen = list(files)
    if len(files) > 1:
        choices = [Choice(file.id, file.name, ", ".join(filter(None, (_size(file), of)))) for file, of in files]
        ids = await app.push_screen_wait(
            ChecklistDialog("Save which attachments?", choices, [file.id for file, _ in files], button="Next", least=1)
        )
        if ids is None:
            return
        chosen = [(file, of) for file, of in files if file.id in ids]
    places = await _places(app, [file for file, _ in chosen])
    saved: list[Path] = []
    for file, wanted in places:
        place = await _unless_there(app, wanted)
        if place is not None:
            path, replace = place
            await app.session.tickets.save_attachment(file.id, path, replace=replace)
            saved.append(path)
    if saved:
        words = str(saved[0]) if len(saved) == 1 else f"{count_text(len(saved), 'file')} in {saved[0].parent}"
        app.say(f"Saved {words}; only you can read {'it' if len(saved) == 1 else 'them'}.")


def _size(file: ThreadFile) -> str:
    """Its size, where the panel tells it."""
    return size_text(file.size) if file.size else ""


async def _places(app: Shell, files: Sequence[ThreadFile]) -> list[tuple[ThreadFile, Path]]:
    """Where each of them goes: one under a name that can be changed, several into a folder."""
    if len(files) == 1:
        name = harmless_name(_sent_name(files[0]))
        label = ", ".join(filter(None, (files[0].name, _size(files[0]), "as")))
        typed = await app.push_screen_wait(
            Prompt(
                "Save attachment", label=label, value=f"./{name}",
                button="Save", check=lambda text: file_problem(text, name), note="It is saved as it is and never run.",
            )
        )  # fmt: skip
        return [] if typed is None else [(files[0], file_meant(typed, name))]
    typed = await app.push_screen_wait(
        Prompt(
            "Save attachments", label=f"{count_text(len(files), 'file')} into which folder?", value=".", button="Save",
            check=_folder_problem, note="They are saved as they are and never run.",
        )
    )  # fmt: skip
    if typed is None:
        return []
    folder = typed_path(typed.strip())
    return [(file, folder / harmless_name(_sent_name(file))) for file in files]


def _sent_name(file: ThreadFile) -> str:
    return str(getattr(file.name, "raw", file.name))


def file_meant(typed: str, name: str) -> Path:
    """The file that was typed; where it is a folder, the file ``name`` in it. Raises OSError, ValueError."""
    path = typed_path(typed.strip())
    return path / name if typed.strip() and path.is_dir() else path


def file_problem(typed: str, name: str) -> str | None:
    """Why an attachment called ``name`` cannot be saved as what was typed; ``None`` if it can."""
    try:
        path = file_meant(typed, name)
        if not typed.strip() or path.name in ("", ".", "..") or path.is_dir():
            return "Type the name of a file, or a folder."
        if not path.parent.is_dir():
            return f"{path.parent} is not a folder; make it first, or type another."
    except (OSError, ValueError) as error:
        return f"There can be no file of that name ({getattr(error, 'strerror', None) or error}). Type another name."
    return None


def _folder_problem(typed: str) -> str | None:
    folder = typed_path(typed.strip())
    if os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for some names
        return None
    return f"{folder} is not a folder; make it first, or type another."


async def _unless_there(app: Shell, path: Path) -> tuple[Path, bool] | None:
    """``path`` where nothing is there yet, else what is chosen, and whether over it; ``None`` leaves the file out."""
    if is_free(path):
        return path, False
    beside = free_path(path)
    choices = [
        Choice(BESIDE, f"Save as {beside.name}", "what is there stays as it is"),
        Choice(REPLACE, "Replace what is there", "it cannot be brought back"),
        Choice(SKIP, "Do not save this one"),
    ]
    answer = await app.push_screen_wait(ChoiceDialog(f"{path.name} is there already", choices, chosen=BESIDE))
    if answer == REPLACE:
        return path, True
    return (beside, False) if answer == BESIDE else None
