"""What is new in a thread, what it mentions, and under which names its files are kept."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billtui.services.mentions import mentions
from billtui.services.read_marks import ReadMark
from billtui.services.saved_files import LONGEST, free_path, harmless_name, is_free
from billtui.services.store import InvoiceRow, MessageRow, OrderRow, TicketRow
from billtui.services.thread_reading import first_unread


def message(number: int, role: str, author: str = "", *, internal: bool = False) -> MessageRow:
    return MessageRow(number, f"m{number}", "1", author or role, role, 100 + number, int(internal), "text", (), "")


def made(kind: type[Any], **values: object) -> Any:
    """A row with empty fields but for these."""
    return kind(**{name: values.get(name, "") for name in kind._fields})


THREAD = [
    message(1, "client", "olena"),
    message(2, "support", "sam"),
    message(3, "support", "ada", internal=True),
    message(4, "client", "olena"),
    message(5, "support", "sam"),
]


def test_what_is_new_begins_behind_the_mark_with_somebody_elses_word() -> None:
    def new(mark: ReadMark | None, me: str = "olena", *, unread: bool = True, staff: bool = False) -> str | None:
        return first_unread(THREAD, mark, me, unread=unread, staff=staff)

    assert new(None) == "m5"
    assert new(None, unread=False) is None
    assert new(ReadMark("m1", 101)) == "m2"
    assert new(ReadMark("m3", 103)) == "m5", "one's own message is not new"
    assert new(ReadMark("m5", 105)) is None
    assert new(ReadMark("gone", 102)) == "m3", "by its time, where the message is not held"
    assert new(None, "sam", staff=True, unread=False) is None
    assert new(ReadMark("m2", 102), "sam", staff=True) == "m3", "a colleague's note is new to staff"
    assert first_unread(THREAD[:4], None, "sam", unread=True, staff=True) == "m3"
    assert first_unread([], None, "sam", unread=True, staff=True) is None


def test_orders_invoices_and_links_are_found_each_once() -> None:
    ticket = made(TicketRow, id="1", order_id="20", invoice_id="")
    orders = [
        made(OrderRow, id="20", name="mail", plan="VDS", location="nl", address="192.0.2.7"),
        made(OrderRow, id="31", name="web-nl-01", plan="VDS", location="de"),
    ]
    invoices = [made(InvoiceRow, id="500", number="INV-77", state="paid")]
    text = (
        "web-nl-01 and 192.0.2.7 again, see invoice INV-77 and рахунок № inv-77, https://e.example/x, also"
        " https://e.example/x. Not order 999, nor the number 31 by itself."
    )
    found = mentions(ticket, text, orders, invoices)
    assert [(one.kind, one.id) for one in found] == [
        ("order", "20"),
        ("order", "31"),
        ("invoice", "500"),
        ("link", "https://e.example/x"),
    ]
    assert "about it" in found[0].detail and "named" in found[1].detail
    other = made(TicketRow, id="1", order_id="77", invoice_id="9")
    assert [one.title for one in mentions(other, "", [], [])] == ["Order 77", "Invoice 9"]


def test_names_of_files_are_made_harmless() -> None:
    for name, kept in (
        ("dmesg.txt", "dmesg.txt"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("C:\\Windows\\system32\\cmd.exe", "cmd.exe"),
        (".bashrc", "bashrc"),
        ("~/x", "x"),
        ("-rf", "rf"),
        ("", "attachment"),
        ("...", "attachment"),
        ("/", "attachment"),
        ("nul.txt", "nul-.txt"),
        ("a\x1b]52;c;x\x07.log", "a-]52-c-x-.log"),
        ("invoice\u202efdp.exe", "invoice-fdp.exe"),
        ("снимок экрана.png", "снимок экрана.png"),
        ("two  spaces .tar.gz", "two spaces .tar.gz"),
    ):
        assert harmless_name(name) == kept


@given(st.text(max_size=300))
def test_any_name_is_one_plain_name(name: str) -> None:
    kept = harmless_name(name)
    assert kept and kept not in (".", "..")
    assert Path(kept).name == kept and not kept.startswith((".", "-", "~", " "))
    assert len(kept.encode()) <= LONGEST
    assert kept.isprintable() and "/" not in kept and "\\" not in kept
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs") for one in kept)
    assert harmless_name(kept) == kept


def test_a_free_name_is_beside_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    assert free_path(path) == path
    path.touch()
    (tmp_path / "a-2.log").symlink_to(tmp_path / "nowhere")
    assert not is_free(tmp_path / "a-2.log")
    assert free_path(path) == tmp_path / "a-3.log"
