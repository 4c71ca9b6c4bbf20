"""A QR code of a payment address as lines of text, so that a phone can pay what a server's terminal shows."""

from __future__ import annotations

from typing import NamedTuple

QUIET = 2
"""Light modules around the code; half the standard's 4, which phones read from a screen."""


class QrCode(NamedTuple):
    """Lines to draw, all ``width`` cells wide, dark ink on light paper unless made ``inverted``."""

    lines: list[str]
    width: int
    height: int


def qr_code(
    text: str, max_width: int, max_height: int, *, ascii_only: bool = False, inverted: bool = False
) -> QrCode | None:
    """The QR code of ``text``, or None where it does not fit into the room given in cells (or holds too much for one).

    Draw it black on white. ``inverted`` draws the light modules instead, for a dark terminal without colours.
    """
    import segno  # 110 ms, and only when something is paid from outside

    try:
        code = segno.make(text, error="l", boost_error=False, micro=False)
    except segno.DataOverflowError:
        return None
    rows = [[bool(module) != inverted for module in row] for row in code.matrix_iter(scale=1, border=QUIET)]
    if ascii_only:
        lines = ["".join("##" if dark else "  " for dark in row) for row in rows]
    else:
        if len(rows) % 2:
            rows.append([inverted] * len(rows[0]))
        lines = [
            "".join(_HALVES[top, bottom] for top, bottom in zip(upper, lower, strict=True))
            for upper, lower in zip(rows[::2], rows[1::2], strict=True)
        ]
    width, height = len(lines[0]), len(lines)
    return QrCode(lines, width, height) if width <= max_width and height <= max_height else None


_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
