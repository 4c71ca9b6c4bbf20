"""Files that go with a letter: looked at, copied beside the draft, taken off again (TKT-6)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from billtui.config.paths import typed_path
from billtui.domain.policy import DEFAULT_POLICY
from billtui.domain.rules.tickets import MIB
from billtui.domain.safetext import SafeText
from billtui.screens.composer_view import size_text
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.prompt import Prompt
from billtui.services.drafts import AttachmentRefused

if TYPE_CHECKING:
    from billtui.screens.composer import ComposerScreen

ADD: Final = "add"


async def ask_files(screen: ComposerScreen) -> None:
    """Add a file, or take one off; straight to adding where there is none."""
    files = screen.kept.draft.attachments
    if not files:
        await add_file(screen)
        return
    most = DEFAULT_POLICY.attachments_per_message
    full = f"A message takes {most} files (TKT-6): take one off, or send the rest with another message."
    choices = [Choice(ADD, "Add a file", "", full if len(files) >= most else "")]
    choices += [
        Choice(str(place), f"Take off {SafeText(one.name)}", size_text(one.size)) for place, one in enumerate(files)
    ]
    chosen = await screen.app.push_screen_wait(ChoiceDialog("Files that go along", choices))
    if chosen == ADD:
        await add_file(screen)
    elif chosen is not None:
        await asyncio.to_thread(screen.kept.detach, int(chosen))
        screen.show_fields()
        screen.reviewer.soon()


async def add_file(screen: ComposerScreen) -> bool:
    """Ask for a path until a file is added or nobody wants to any more; whether one was."""
    typed, trouble = "", ""
    note = "A copy is taken now, and goes when the letter goes. At most 5 files, 10 MiB each (TKT-6)."
    while True:
        prompt = Prompt(
            "Add a file", label=trouble or "Path of the file (~ is your home):", value=typed, button="Add", note=note,
            live=_described, check=lambda text: None if text.strip() else "Type the path of a file, or press esc.",
        )  # fmt: skip
        answer = await screen.app.push_screen_wait(prompt)
        if answer is None:
            return False
        typed = answer
        try:
            await screen.keep()
            await asyncio.to_thread(screen.kept.attach, typed.strip())
        except AttachmentRefused as error:
            trouble = str(error)
        except OSError as error:
            trouble = f"It cannot be kept beside the draft: {error.strerror or error}."
        else:
            screen.show_fields()
            screen.reviewer.soon()
            return True


def _described(typed: str) -> str:
    """What the path leads to, while it is typed: a file and its size, or how many entries of a folder go on so."""
    if not typed.strip():
        return ""
    try:
        path = typed_path(typed.strip())
        if path.is_file():
            size = path.stat().st_size
            over = size > DEFAULT_POLICY.attachment_bytes
            too_large = f": more than {DEFAULT_POLICY.attachment_bytes // MIB} MiB, compress it" if over else ""
            return f"{SafeText(path.name)}, {size_text(size)}{too_large}"
        return _entries(path, typed)
    except (OSError, ValueError) as error:
        return f"Not to be read: {getattr(error, 'strerror', None) or error}"


def _entries(path: Path, typed: str) -> str:
    folder, begin = (path, "") if typed.rstrip().endswith("/") else (path.parent, path.name)
    names = sorted(one.name for one in folder.iterdir() if one.name.startswith(begin))
    if not names:
        return "Nothing there begins so."
    return "  ".join(str(SafeText(name)) for name in names[:6]) + (
        f"  … {len(names) - 6} more" if len(names) > 6 else ""
    )
