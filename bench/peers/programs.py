"""The programs side by side: how each is started, when it has painted, which key it answers, where its list is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import apps
from bench.peers import venvs
from bench.peers.venvs import Unavailable
from bench.startup import PROGRAM as RUN_BILLTUI

SOME = 10_000
"""Rows of every list, where a program is given one."""
REQUESTS = 200
"""Of a collection of posting's: its list is a tree of files."""
DOWN, HOME = b"\x1bOB", b"\x1b[H"
TYPED = b"zq"
"""What is typed where a program opens with a field to write in."""


class NotOnThisHost(Unavailable):
    """A program that is measured where it happens to be; nothing is said where it is not."""


@dataclass(frozen=True)
class Program:
    """One of them."""

    name: str
    command: Callable[[Path], list[str]]
    """Of the directory with what it is to show. Raises Unavailable."""
    paint: bytes
    """Stands in its output when the first useful frame is on the screen."""
    key: bytes
    answer: str
    """Stands on its screen when the key was answered; empty: its answer is not measured."""
    to_list: tuple[bytes, ...] = ()
    """Keys that lead to its list."""
    rows: str = ""
    """What its list is; empty: it has none."""
    list_env: tuple[tuple[str, str], ...] = ()
    """Added to the environment where its list is measured."""
    ours: bool = False
    """Whether it needs billtui's panel and copy."""
    known: bool = True
    """Whether billtui may find its last known frame."""


MATERIAL = ("rows.csv", "rows.log", "collection")


def material(place: Path) -> None:
    """Files for the programs to show: the same rows as the tables of this package have."""
    rows = [",".join(apps.cells(order)) for order in apps.orders(SOME)]
    (place / "rows.csv").write_text("\n".join([",".join(apps.TITLES), *rows]) + "\n", encoding="ascii")
    (place / "rows.log").write_text("\n".join(rows) + "\n", encoding="ascii")
    collection = place / "collection"
    collection.mkdir()
    for number in range(REQUESTS):
        request = f"name: web-{number:06}\nurl: http://127.0.0.1:9/{number}\n"
        (collection / f"web-{number:06}.posting.yaml").write_text(request, encoding="ascii")


def _small(kind: str) -> Callable[[Path], list[str]]:
    return lambda _place: apps.command(kind, SOME)


def _peer(name: str, command: str, *arguments: str) -> Callable[[Path], list[str]]:
    return lambda place: [
        venvs.program(name, command),
        *(str(place / one) if one in MATERIAL else one for one in arguments),
    ]


def _of_the_host(*command: str) -> Callable[[Path], list[str]]:
    def found(_place: Path) -> list[str]:
        path = shutil.which(command[0])
        if path is None:
            raise NotOnThisHost("not on this host")
        return [path, *command[1:]]

    return found


def _billtui(_place: Path) -> list[str]:
    return RUN_BILLTUI


BILLTUI, NEW, ITSELF = "billtui", "billtui, no last frame", "billtui, the list itself"
"""The second and third have nothing to show before they are loaded, or are waited for until they are."""
BARE, POSTING, MC = "bare Textual", "posting", "mc"
WIDGETS = "Textual, two screens of as many widgets"
PROGRAMS = (
    Program(BILLTUI, _billtui, b"Runs out in", b"3", "A month", (b"3",), f"{SOME:,} orders", ours=True),
    Program(ITSELF, _billtui, b"Runs out in", b"3", "R Renew", ours=True),
    Program(NEW, _billtui, b"Opening", b"3", "A month", ours=True, known=False),
    Program("curses table", _small("curses"), apps.READY, DOWN, "", (), f"{SOME:,} rows"),
    Program(BARE, _small("bare"), apps.READY, TYPED, "answered"),
    Program(WIDGETS, _small("screens"), apps.READY, b"3", "answered"),
    Program("DataTable", _small("datatable"), apps.READY, DOWN, "", (), f"{SOME:,} rows"),
    Program(
        POSTING, _peer("posting", "posting", "--collection", "collection"), b"Collection", TYPED, "zq",
        (), f"{REQUESTS} requests", (("POSTING_FOCUS__ON_STARTUP", "collection"),),
    ),
    Program(
        "harlequin", _peer("harlequin", "harlequin"), b"Query Editor", TYPED, "zq",
        (b"select * from 'rows.csv'", b"\n", b"\x1b[15~"), f"{SOME:,} rows",
    ),
    Program("toolong", _peer("toolong", "tl", "rows.log"), b"Tail", HOME, "web-000000", (HOME,), f"{SOME:,} lines"),
    Program(
        "visidata", _peer("visidata", "vd", "--motd-url=", "rows.csv"), apps.READY, b"j", "go-down", (),
        f"{SOME:,} rows",
    ),
    Program("htop", _of_the_host("htop"), b"Load average", b"?", "Arrows"),
    Program(MC, _of_the_host("mc", "--nosubshell"), b"Modify time", TYPED, "zq"),
)  # fmt: skip
OURS = tuple(one for one in PROGRAMS if one.ours or one.name in (BARE, WIDGETS))
