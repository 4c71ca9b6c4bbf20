"""The process that reads the pages of long lists for ``page_reading``: JSON to what is written into the local copy.

100,000 orders are five seconds of work for a processor, and in the program itself every piece of it would hold up the
keys. Here it holds up nobody. It is given answers and gives rows back, both on its standard streams; it knows no
address and no secret, and ends when its standard input does.

A job is its length and a pickled (kind, page); each is answered by its head and its rows, a mark, a length and content.
"""

from __future__ import annotations

import gc
import marshal
import os
import pickle
import struct
import sys
from typing import BinaryIO, Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.unread import UnreadPage
from billtui.domain.models import Page
from billtui.services.store.prepared import Kind, Prepared

READY: Final = b"billtui reads pages\n"
JOB: Final = struct.Struct("<Q")
ANSWER: Final = struct.Struct("<cQ")
HEAD, ROWS, UNREADABLE = b"H", b"R", b"U"
"""Where the next page begins, how many rows there are on this one, and in all; packed rows; what is wrong with it."""
KINDER: Final = 10
"""Steps by which it stands back for the program itself, where both want the same processor; they share a session of the
system, as those of different ones may be weighed against each other without these steps."""


def head_of(unread: UnreadPage[object]) -> Page[object]:
    """The page without its rows read. Raises UnreadableAnswer."""
    return unread.reader.head(unread.body)


def rows_of(kind: Kind, unread: UnreadPage[object], head: Page[object]) -> Prepared:
    """The rows of the page. Raises UnreadableAnswer."""
    return Prepared.of(kind, unread.reader.rows(head.items))


def answer_jobs(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Read what comes until there is no more."""

    def answer(mark: bytes, content: bytes) -> None:
        answers.write(ANSWER.pack(mark, len(content)))
        answers.write(content)
        answers.flush()

    answers.write(READY)
    answers.flush()
    while len(length := jobs.read(JOB.size)) == JOB.size:
        (size,) = JOB.unpack(length)
        content = jobs.read(size)
        if len(content) != size:
            return
        kind, unread = pickle.loads(content)
        try:
            head = head_of(unread)
            answer(HEAD, marshal.dumps((head.count, head.next_cursor, head.total)))
            answer(ROWS, rows_of(kind, unread, head).packed())
        except UnreadableAnswer as error:
            answer(UNREADABLE, str(error).encode())


def main() -> None:
    """Serve the program that started this."""
    gc.disable()  # what is made is let go page by page, and holds no circles
    os.nice(KINDER)
    try:
        answer_jobs(sys.stdin.buffer, sys.stdout.buffer)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # the program went away: nobody is left to be told


if __name__ == "__main__":
    main()
