"""The name of a new file as a person types it: what is wrong with it, said while the dialog is still open."""

from __future__ import annotations

import os
import stat

from billtui.config.paths import typed_path


def new_file_problem(typed: str) -> str | None:
    """What to type instead where no new file can be made there, or ``None``. Nothing is ever written over."""
    text = typed.strip()
    path = typed_path(text)
    try:
        there = path.lstat() if text else None
    except FileNotFoundError:
        if os.path.isdir(path.parent):  # noqa: PTH112 - Path.is_dir raises for some names
            return None
        return f"{path.parent} is not a folder; make it first, or type another."
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return f"There can be no file of that name ({reason}). Type another name."
    if there is None or stat.S_ISDIR(there.st_mode):
        return "Type the name of a new file."
    return f"{path} is there already and is not overwritten; type another name."
