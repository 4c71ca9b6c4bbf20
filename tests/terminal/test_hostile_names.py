"""Hostile names through the last question before money moves, read back from an emulated terminal.

Whatever stands in a name: amount, count, account and panel stand where the program puts them, and say what is so.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from decimal import Decimal

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.screens.modals.confirm import ConfirmPlan
from billtui.services.plans import LeftOut, Operation, OperationKind, Plan
from billtui.terminal.attributes import style_book
from billtui.terminal.changes import changes
from billtui.terminal.output_filter import HarmlessApp
from billtui.terminal.screenful import Painting
from billtui.theme import THEMES
from tests.support.through_door import EVERYTHING, Watched, watched
from tests.terminal.test_door import WRITTEN
from tests.terminal.test_hostile_output import DIRECTION, OTHERS, SEQUENCES, SINGLE

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
NAMES = 10_000 if LONG else 240
EACH = 24
"""Names in one question."""
ROWS = 60
PIECES = [
    *SEQUENCES, *SINGLE, *DIRECTION, *OTHERS, "\n", "\r", "\t", " " * 60, "\n" * 5,
    "漢字", "é" + "\u0301" * 30, "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\u0336" * 9, "\ufdfa",
    "Amount   0.01 EUR", "\nAccount  mallory, ID 1\n", "[bold]", "[/]", "[@click=app.quit]", "Cancel",
    "│", "─" * 90, "╯", "\U0001f1fa\U0001f1e6", "\u1160", "\u3164", "\u00ad", "a" * 300, "\ufe0f", "\u200d",
]  # fmt: skip


class Asking(HarmlessApp[None]):
    """Shows one question after the other."""

    def __init__(self) -> None:
        super().__init__()
        theme, _ = THEMES["dark"]
        self.register_theme(theme)
        self.theme = theme.name


def hostile_name(chance: random.Random) -> str:
    return "".join(chance.choice([*PIECES, "web", "-", "01"]) for _ in range(chance.randint(1, 6)))


def question(chance: random.Random) -> tuple[ConfirmPlan, Money]:
    names = [hostile_name(chance) for _ in range(EACH)]
    amounts = [Decimal(chance.randint(1, 99_999_999)) / 100 for _ in range(8)]
    operations = tuple(
        Operation(
            number=number, kind=OperationKind.PAY, targets=(f"invoice:{number}",),
            params={"invoice_id": str(number), "method": "internal"}, amount=Money(amount, "EUR"), title=SafeText(name),
        )
        for number, (amount, name) in enumerate(zip(amounts, names, strict=False), 1)
    )  # fmt: skip
    left_out = tuple(
        LeftOut(target="invoice", title=SafeText(name), code=SafeText("x"), reason=SafeText(why))
        for name, why in zip(names[8:14], names[14:20], strict=True)
    )
    total = Money(sum(amounts, Decimal(0)), "EUR")
    plan = Plan(
        kind="pay", title=SafeText(names[20]), panel_id="p", panel_name=SafeText(names[21]), account_id="204817",
        login=SafeText("olena.marsh"), profile="work", operations=operations, left_out=left_out, total=total,
    )  # fmt: skip
    return ConfirmPlan(plan, button=f"Pay {total}", note=SafeText(names[22]), rows=names[23:]), total


@pytest.mark.faults
async def test_amount_and_account_stand_whatever_the_names(
    monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(6)
    with watched(monkeypatch):
        app = Asking()
        async with app.run_test(size=(80, ROWS)) as pilot:
            driver: object = app._driver
            assert isinstance(driver, Watched)
            for _ in range(0, NAMES, EACH):
                dialog, total = question(chance)
                await app.push_screen(dialog)
                await pilot.pause()
                driver.look()  # every cell is what was meant
                inside = [line for line in driver.emulator.display if line.lstrip().startswith("│")]  # not the title
                lines = [" ".join(line.strip("│ ").split()) for line in inside]
                assert [line for line in lines if line.startswith("Amount ")][:1] == [f"Amount {total}"]
                assert "Account olena.marsh, ID 204817" in lines
                assert "Count 8 steps" in lines
                assert sum(line.endswith(f"Pay {total}") and "Cancel" in line for line in lines) == 1
                assert inside and all(line.rstrip().endswith("│") for line in inside), inside
                for one in driver.frames:
                    assert WRITTEN.sub("", one.written).isprintable()
                driver.frames.clear()
                assert driver.others == [] or all("\x1b]52" not in one for one in driver.others)
                await dialog.dismiss(None)
                await pilot.pause()
            assert app.return_code is None
    record_property("hostile names through the confirmation", NAMES)


@pytest.mark.faults
def test_every_code_point_through_the_door() -> None:
    """The last layer by itself: whatever stands in a cell, what is written is the door's own, or can be printed.

    All 1,114,112 in the long form; else the first planes' letters and signs, tags, and the ends.
    """
    width, rows = 256, 64
    painting = Painting(style_book(ColorSystem.TRUECOLOR))
    before = None
    starts = range(0, 0x110000, width * rows)
    for start in starts if LONG else [*starts[:6], 0xD800, 0x1F000, 0xE0000, starts[-1]]:
        lines: list[Iterable[Strip]] = [
            [Strip([Segment("".join(map(chr, range(at, at + width))))])]
            for at in range(start, min(start + width * rows, 0x110000), width)
        ]
        assert painting.take_over(LayoutUpdate(lines, Region(0, 0, 2 * width, len(lines))))
        written = changes(before, painting.screenful, EVERYTHING)
        rest = WRITTEN.sub("", written)
        assert rest.isprintable(), hex(start)
        rest.encode()
        before = painting.screenful
