"""What a person writes about orders and takes away of them: tags kept on this computer, exports to files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from billtui.config.paths import typed_path, write_new
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.new_file import new_file_problem
from billtui.screens.modals.prompt import Prompt
from billtui.services.order_export import SUFFIX, Format, exported
from billtui.services.order_tags import check_tags
from billtui.services.session import NotSignedIn
from billtui.services.session_settings import NOBODY
from billtui.services.store import OrderRow
from billtui.terminal.clipboard import MAX_BASE64
from billtui.widgets.formats import count_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell
    from billtui.services.own_files import OwnFiles

CLIPBOARD: Final = MAX_BASE64 * 3 // 4
"""Most bytes that terminals take onto their clipboard."""
LISTED = 12


def own_files(app: Shell) -> OwnFiles:
    """Tags and selections of the account. Raises NotSignedIn."""
    if app.session.own is None:
        raise NotSignedIn(NOBODY)
    return app.session.own


async def tag_orders(app: Shell, rows: Sequence[OrderRow]) -> bool:
    """Ask which tags to add and take away; whether anything changed."""
    if not rows:
        return False
    tags = own_files(app).tags
    ids = [row.id for row in rows]
    known = tags.all()
    counts: dict[str, int] = {}
    for row in rows:
        for word in known.get(row.id, ()):
            counts[word] = counts.get(word, 0) + 1
    listed = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    of = f" of {len(rows)}" if len(rows) > 1 else ""
    has = ", ".join(f"{word} ({number}{of})" if of else word for word, number in listed[:LISTED])
    others = [word for word in tags.counts() if word not in counts]
    note = f"Now: {has or 'none'}."
    if others:
        note += f" You also use: {', '.join(others[:LISTED])}."
    title = f"Tags of {rows[0].name}" if len(rows) == 1 else f"Tags of {len(rows)} orders"
    text = await app.push_screen_wait(
        Prompt(
            title,
            label="Words to add; with - in front to take away:",
            placeholder="keep client-7 -old",
            button="Change",
            check=_tag_problem,
            note=f"{note} Kept on this computer only; filter and m find them as tag:WORD.",
        )
    )
    if text is None:
        return False
    add, remove = _parted(text)
    try:
        changed = await asyncio.to_thread(tags.change, ids, add, remove)
    except ValueError as error:
        app.say(str(error), "warning")
        return False
    app.say(f"{count_text(changed, 'order')} of {len(ids)} changed." if len(ids) > 1 else "Tags changed.")
    return changed > 0


def _parted(text: str) -> tuple[list[str], list[str]]:
    words = text.replace(",", " ").split()
    return [one for one in words if one[0] != "-"], [one[1:] for one in words if one[0] == "-"]


def _tag_problem(text: str) -> str | None:
    add, remove = _parted(text)
    if not add and not remove:
        return "Type a word, or press esc."
    try:
        both = set(check_tags(add)) & set(check_tags(remove))
    except ValueError as error:
        return str(error)
    return f"{sorted(both)[0]} cannot be both added and taken away." if both else None


async def export_orders(app: Shell, rows: Sequence[OrderRow]) -> None:
    """Ask for the kind of text and where it goes; a file that is there is never overwritten."""
    if not rows:
        return
    tags = own_files(app).tags.all()
    choice = await app.push_screen_wait(ChoiceDialog(f"Export {count_text(len(rows), 'order')}", _export_choices(rows)))
    if choice is None:
        return
    form, _, where = choice.partition(" ")
    text = exported(rows, cast("Format", form), tags)
    if where:
        app.copy(text)
        return
    suffix = SUFFIX[cast("Format", form)]

    name = f"orders-{app.session.now():%Y-%m-%d}{'' if form in ('csv', 'json') else f'-{form}'}"
    typed = await app.push_screen_wait(
        Prompt("Export", label="Into which new file?", value=_free(name, suffix), button="Save", check=new_file_problem)
    )
    if typed is None:
        return
    path = typed_path(typed.strip())
    try:
        await asyncio.to_thread(write_new, path, text.encode("utf-8", "replace"))
    except OSError as error:
        app.say(f"{path} cannot be written: {error.strerror or error}. w asks again.", "error")
        return
    app.say(f"Saved {count_text(len(rows), 'order')} in {path}")


def _export_choices(rows: Sequence[OrderRow]) -> list[Choice]:
    addresses = sum(1 for row in rows if row.address)
    choices = [
        Choice("csv", "CSV file", "Everything, for a spreadsheet; no cell is a formula"),
        Choice("json", "JSON file", "Everything, for a program"),
        Choice("ips", "File of addresses", f"{addresses} of them, a line each"),
        Choice("names", "File of names", "A line each"),
    ]
    for form, title in (("ips", "Addresses to the terminal's clipboard"), ("names", "Names to the clipboard")):
        size = sum(len((row.address if form == "ips" else row.name).encode()) + 1 for row in rows)
        refusal = f"Too long for a terminal's clipboard ({size:,} bytes): write a file." if size > CLIPBOARD else ""
        choices.append(Choice(f"{form} clipboard", title, "Not known whether the terminal takes it", refusal))
    return choices


def _free(stem: str, suffix: str) -> str:
    path, number = Path(f"{stem}.{suffix}"), 2
    while path.exists():
        path, number = Path(f"{stem}-{number}.{suffix}"), number + 1
    return str(path)
