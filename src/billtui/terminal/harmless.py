"""Control characters made visible, the same for output, window title and clipboard (RELIABILITY "Text from outside").

This is the second layer: text from a panel was made harmless in its model already, and is not trusted to be.
"""

from __future__ import annotations

REPLACEMENT = "\ufffd"


def picture(character: str) -> str:
    """A visible stand-in, one cell wide, for a character that must not reach a terminal."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else REPLACEMENT


def one_line(text: str) -> str:
    """``text`` as one harmless line: every line break and tab becomes a space, all else unprintable a picture.

    Printable is what Python says: no control, direction, private-use, surrogate or unassigned character is.
    """
    if text.isprintable():
        return text
    text = text.replace("\r\n", " ")
    return "".join(
        character if character.isprintable() else " " if character.isspace() else picture(character)
        for character in text
    )


def many_lines(text: str) -> str:
    """``text`` with line feeds and tabs kept, other line breaks turned into line feeds, and all else as in one_line."""
    return "\n".join("\t".join(one_line(part) for part in line.split("\t")) for line in _lines(text))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n").split("\n")
