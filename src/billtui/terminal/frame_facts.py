"""What the first frame says: plain facts of the last known overview, and the form in which they are kept.

The frame is drawn before anything is imported (P-START-1), so this imports nothing that `python -c pass` has not loaded
(a test holds it). Kept are facts, not pixels: they are laid out anew for whatever terminal the next start has. A line a
fact, its fields between tabs, and a checksum at the end: what is torn, or was written by another version, is not used.
Nothing secret is among the facts, and every text is harmless on its way in and out.
"""

from __future__ import annotations

import os
import stat

from billtui.terminal.harmless import one_line

FRAMES = "first-frames"
"""The folder of the last known overviews, beside the copies that they were made of."""
LAST = ".last"
"""The overview of the profile that opens by itself."""
PLAIN = ".plain"
"""Of no profile: colours and areas alone."""
MOST_BYTES = 64 * 1024
"""A larger file is not what it should be."""
_HEAD = "billtui first frame 1"
_PRIME = 2_305_843_009_213_693_921
_MOST_TEXT = 400

TONES = ("", "muted", "faint", "bold", "good", "warning", "bad", "accent")
"""How a piece of text looks; as the program's tones."""
COLOURS = (
    "foreground", "background", "panel", "surface", "muted", "faint", "good", "warning", "bad", "accent",
    "tag", "on-tag",
)  # fmt: skip
"""The colours of a frame; ``tag`` and ``on-tag`` are the profile's own and the letters on it."""

Piece = tuple[str, str]
"""A tone and a text."""
Colour = tuple[str, int, int]
"""``#rrggbb``, its nearest of 256 and of 16; the first empty where only the terminal's own 16 are meant, the others -1
for its own default."""


class Facts:
    """What the first frame says."""

    __slots__ = (
        "account", "areas", "ascii", "asks", "balance", "colours", "folder", "lines", "login", "news", "panel",
        "profile", "profiles_stamp", "read_only", "role", "settings_stamp", "synced_at", "theme", "unread", "url",
    )  # fmt: skip

    def __init__(self, profile: str) -> None:
        """Nothing is known but the profile's name."""
        self.profile = profile
        self.login = ""
        self.url = ""
        """Whose facts these are, as the profile says it."""
        self.panel = ""
        self.account = ""
        self.role = ""
        self.balance = ""
        self.unread = ""
        self.read_only = False
        self.asks = False
        """Whether a password or passphrase is asked for next: no key is answered before."""
        self.ascii = "auto"
        self.theme = "auto"
        """The settings: ``on``, ``off`` or ``auto`` (by the locale); the theme that the colours are of."""
        self.synced_at = 0
        """When the panel was last heard, in seconds since 1970; 0 where that is not known."""
        self.areas: list[tuple[str, str]] = []
        """Key and title; the first one is the overview."""
        self.lines: list[list[Piece]] = []
        self.news: list[list[Piece]] = []
        self.colours: dict[str, Colour] = {}
        self.folder = ""
        """Where they were read from; not kept."""
        self.profiles_stamp = ""
        self.settings_stamp = ""
        """How the files of profiles and settings were when this was written: other ones may mean another panel."""


_TEXTS = (
    "profile", "login", "url", "panel", "account", "role", "balance", "unread", "ascii", "theme", "profiles_stamp",
    "settings_stamp",
)  # fmt: skip


def encode(facts: Facts) -> bytes:
    """The facts as they are kept."""
    rows: list[tuple[str, ...]] = [(_HEAD,)]
    rows += [(name, getattr(facts, name)) for name in _TEXTS]
    rows += [("read-only", str(int(facts.read_only))), ("asks", str(int(facts.asks))), ("synced", str(facts.synced_at))]
    rows += [("area", key, title) for key, title in facts.areas]
    rows += [("colour", name, value[0], str(value[1]), str(value[2])) for name, value in facts.colours.items()]
    for name, lines in (("line", facts.lines), ("news", facts.news)):
        rows += [(name, *(part for piece in line for part in piece)) for line in lines]
    return sealed(rows)


def sealed(rows: list[tuple[str, ...]]) -> bytes:
    """Rows of fields, each harmless and in one line, with their checksum."""
    body = "\n".join("\t".join(one_line(field)[:_MOST_TEXT] for field in row) for row in rows) + "\n"
    content = body.encode("utf-8", "replace")
    return content + f"end\t{_checksum(content)}\n".encode()


def unsealed(content: bytes) -> list[list[str]]:
    """The rows of what :func:`sealed` made. Raises ValueError for anything else, whole or in part."""
    body, end, checksum = content.rpartition(b"end\t")
    if not end or checksum != f"{_checksum(body)}\n".encode():
        raise ValueError
    return [line.split("\t") for line in body.decode("utf-8").split("\n")[:-1]]


def decode(content: bytes) -> Facts | None:
    """What :func:`encode` made; ``None`` for anything else, whole or in part."""
    try:
        rows = unsealed(content)
        return _facts(rows) if rows and rows[0] == [_HEAD] else None
    except (ValueError, IndexError, KeyError):
        return None


def _checksum(body: bytes) -> int:
    """Finds torn and damaged files; whoever can write this file can do anything else as well."""
    return int.from_bytes(b"1" + body, "big") % _PRIME


def _facts(rows: list[list[str]]) -> Facts:
    facts = Facts("")
    for name, *fields in rows[1:]:
        harmless = [one_line(field) for field in fields]
        if name in _TEXTS:
            setattr(facts, name, harmless[0])
        elif name == "read-only":
            facts.read_only = harmless[0] == "1"
        elif name == "asks":
            facts.asks = harmless[0] == "1"
        elif name == "synced":
            facts.synced_at = int(harmless[0])
        elif name == "area":
            facts.areas.append((harmless[0], harmless[1]))
        elif name == "colour":
            facts.colours[harmless[0]] = _colour(*harmless[1:])
        elif name in ("line", "news"):
            pieces = [(tone, text) for tone, text in zip(harmless[::2], harmless[1::2], strict=True)]
            if any(tone not in TONES for tone, _ in pieces):
                raise ValueError
            (facts.lines if name == "line" else facts.news).append(pieces)
        else:
            raise ValueError
    if set(facts.colours) != set(COLOURS):
        raise ValueError
    return facts


def _colour(code: str, of_256: str, of_16: str) -> Colour:
    if code:
        if len(code) != 7 or code[0] != "#":
            raise ValueError
        int(code[1:], 16)
    numbers = int(of_256), int(of_16)
    if not (-1 <= numbers[0] < 256 and -1 <= numbers[1] < 16):
        raise ValueError
    return (code, *numbers)


def read(path: str) -> Facts | None:
    """The facts in a file that is ours alone; ``None`` where there is none, or it is not what it should be."""
    facts = decode(private_content(path))
    if facts is not None:
        facts.folder = path.rpartition("/")[0]
    return facts


def private_content(path: str) -> bytes:
    """What is in a file that is ours alone; nothing where there is none, or it is larger than it should be."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        status = os.fstat(descriptor)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
        content = os.read(descriptor, MOST_BYTES + 1) if ours else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return content if len(content) <= MOST_BYTES else b""


def forget(folder: str, profile: str) -> None:
    """Delete what is kept of ``profile`` in a folder of frames, its overview and its lists. Raises OSError."""
    last = read(f"{folder}/{LAST}.frame")
    frames = (profile, LAST) if last is not None and last.profile == profile else (profile,)
    for name in (*(f"{one}.frame" for one in frames), *pictures_of(folder, profile)):
        try:
            os.unlink(f"{folder}/{name}")  # noqa: PTH108 - pathlib is not loaded yet
        except FileNotFoundError:
            pass


def picture_name(profile: str, key: str) -> str:
    """The file of the list that ``key`` shows. Neither profile names nor such keys have a point in them."""
    return f"{profile}.{key}.picture"


def pictures_of(folder: str, profile: str) -> list[str]:
    """The files of the lists that are kept of ``profile``."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - pathlib is not loaded yet
    except OSError:
        return []
    return [name for name in names if name.startswith(f"{profile}.") and name.endswith(".picture")]


def stamp(path: str | None) -> str:
    """Tells whether a file is the one it was; ``-`` for none."""
    try:
        status = os.stat(path or "")  # noqa: PTH116 - pathlib is not loaded yet
    except OSError:
        return "-"
    return f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"
