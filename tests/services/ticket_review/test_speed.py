"""A review fits between two keys, whatever the text is: no pattern explodes, and what is read is limited (TKT-2).

Times are those of the processor, compared with a long log reviewed in the same run: a busy machine changes little.
"""

from __future__ import annotations

import time
from functools import lru_cache

import pytest

from billtui.services.ticket_review import TicketDraft, review
from billtui.services.ticket_review.reading import TEXT_READ, WORDS_READ, prose_of
from tests.support.labelled_tickets import KNOWN, of_part

LENGTH = 200_000
"""The longest message that is seeded."""
TIMES = 15
"""So many times as long as a log of that length may a hostile text take; five times is what is seen."""
SECONDS = 0.25
"""The budget is 50 ms; a test on a slow machine gets five times as much."""
LOG = "Jun 10 03:09:44 backup kernel: EXT4-fs error (device vda1): ext4_journal_check_start: Detected aborted journal\n"
HOSTILE = [
    "a", "-", "\"", ":", "\n", " ", "\t", "1", "{", "😀", "a-", "a.", "ab:", "1.", "1.1.1.1 ", "a_", "a.b_c-",
    "Aa1", "a b ", "a. ", "password ", "password: a", "password: [removed] ", "пароль ", "token token=", "key=",
    "api_api_", "root ", "root@", "user /", "a@b:", "a://", "a://b:c", "Bearer ", "eyJ", "eyJa.", "AKIA", "ghp_",
    "sk-", ":AA1", " -p", "mysql -p", "order #", "server 1 ", "-----BEGIN RSA PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAA\n", "2. a\n", "Where:\n", "```\n", "> a\n", "pls ",
    "ne rabotaet ", "server ", "another issue. please not start invoice ", "не работает ", "see attached log ",
    "cannot attach ", "at a.", "$ ", "# a\n", "12:00 ", "«", "i will upgrade ", "nothing is broken. ",
]  # fmt: skip


def cost(body: str) -> float:
    draft = TicketDraft("technical", "web-kyiv-1 answers 502", body)
    best = 1e9
    for _ in range(3):
        begin = time.process_time()
        review(draft, KNOWN)
        best = min(best, time.process_time() - begin)
    return best


@lru_cache(maxsize=1)
def of_a_log() -> float:
    return cost(LOG * (LENGTH // len(LOG)))


def test_a_long_log_takes_no_time() -> None:
    assert of_a_log() < SECONDS


@pytest.mark.parametrize("language", ["en", "ru", "uk"])
def test_long_letters_take_little(language: str) -> None:
    text = "\n".join(one.draft.body for one in of_part("tuning") if one.language == language)
    assert cost((text * (LENGTH // len(text) + 1))[:LENGTH]) < SECONDS


@pytest.mark.parametrize("piece", HOSTILE, ids=lambda piece: repr(piece)[:40])
def test_no_text_explodes(piece: str) -> None:
    body = (piece * (LENGTH // len(piece) + 1))[:LENGTH]
    lines = "\n".join(body[at : at + 1_500] for at in range(0, LENGTH, 1_500))
    assert max(cost(body), cost(lines)) < TIMES * max(of_a_log(), 0.005)


def test_what_is_read_is_limited() -> None:
    prose = prose_of("word " * LENGTH)
    assert prose.cut
    assert len(prose.text) == WORDS_READ
    long = LOG * 1_000
    behind = prose_of(f"{long}at the end")
    assert behind.cut
    assert len(behind.text) <= TEXT_READ
    short = prose_of(f"{LOG * 200}at the end")
    assert (short.text.strip(), short.logs, short.cut) == ("at the end", 200, False)
