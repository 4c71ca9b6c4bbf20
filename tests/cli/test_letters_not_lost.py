"""What commands about tickets must never do: lose a letter, take a colleague's ticket, fail at a name (TKT)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from billtui.cli.verbs.tickets import _places
from billtui.services.store.rows import AttachmentRow
from tests.cli.test_tickets import GOOD, SAM, drafts, new, text
from tests.cli.test_triage_verbs import ADA, sam, shown
from tests.support.command_line import Cli


def test_tkt_6_a_file_that_is_missing_costs_no_letter(cli: Cli, tmp_path: Path) -> None:
    """The text may have been an hour's work in the editor: it is a draft, as the error says."""
    letter = text(tmp_path, GOOD)
    refused = cli("tickets", "new", letter, "--attach", str(tmp_path / "missing.log"), "--yes", "--json")
    assert (refused.code, refused.error["code"]) == (5, "file-unreadable")
    assert "the draft is kept" in refused.error["detail"]
    (kept,) = drafts(cli)
    assert kept["characters"] == len(GOOD.split("\n", 1)[1])
    assert cli("tickets", "drafts", "--discard", "new-1").code == 0


def test_a_dry_run_with_a_file_leaves_nothing_behind(cli: Cli, tmp_path: Path) -> None:
    letter = text(tmp_path, GOOD)
    assert cli("tickets", "new", letter, "--attach", letter, "--dry-run").code == 0
    assert drafts(cli) == []


def test_tkt_8_what_a_colleague_has_is_not_taken_away(cli: Cli, tmp_path: Path) -> None:
    """By ``take`` and ``bulk --take`` alike; it is said whose it is, and how it is given all the same."""
    number, free = new(cli, tmp_path), new(cli, tmp_path)
    sam(cli, "tickets", "take", number)
    refused = cli("tickets", "take", number, "--yes", "--json", login=ADA)
    assert (refused.code, shown(cli, number)["assignee"]) == (5, SAM)
    assert f"{SAM} has it already" in refused.error["detail"] and f"--to {ADA}" in refused.error["detail"]
    assert cli("tickets", "bulk", number, free, "--take", "--yes", login=ADA).code == 7
    assert (shown(cli, number)["assignee"], shown(cli, free)["assignee"]) == (SAM, ADA)


def test_tkt_9_what_was_left_out_of_a_thread_was_not_read(cli: Cli, tmp_path: Path) -> None:
    """``--last`` marks nothing as read that it left out; ``--new`` shows what came within the same second."""
    number = new(cli, tmp_path)
    assert cli("tickets", "show", number).code == 0
    words = ("Which port do you mean?", "And which address?")
    for one in words:  # in one second
        file = text(tmp_path, one, "answer.txt")
        assert cli("tickets", "reply", number, file, "--anyway", "--yes", login=SAM).code == 0
    last = cli("tickets", "show", number, "--last", "1")
    assert words[1] in last.out and words[0] not in last.out and "1 unread message not shown" in last.err
    mine = text(tmp_path, "Port 25.", "mine.txt")
    assert cli("tickets", "reply", number, mine, "--yes").code == 8, "one of them was never shown"
    fresh = cli.json("tickets", "show", number, "--new")["messages"]
    assert [one["body"] for one in fresh] == list(words)
    assert cli("tickets", "show", number, "--new").code == 0
    assert cli("tickets", "reply", number, "--draft", "--yes").code == 0


def test_a_plan_file_of_a_ticket_that_was_sent_meanwhile_sends_it_no_second_time(cli: Cli, tmp_path: Path) -> None:
    """The draft stays beside a plan file; whichever goes first is the one that goes."""
    plan = str(tmp_path / "plan.json")
    letter = text(tmp_path, "A bill with two lines\nWhy are there two lines on the bill of May? Please explain both.")
    assert cli("tickets", "new", letter, "--plan-out", plan).code == 0
    content = json.loads(Path(plan).read_bytes())  # the journal knows seconds: it was made some earlier
    made = datetime.fromisoformat(content["made_at"]) - timedelta(seconds=5)
    Path(plan).write_text(json.dumps(content | {"made_at": made.isoformat().replace("+00:00", "Z")}))
    assert cli("tickets", "new", "--draft", "--yes").code == 0
    refused = cli("apply", plan, "--yes", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sent-already")
    assert cli.json("tickets", "list", "--query", "A bill with two lines")["total"] == 1


def test_tkt_4_a_ticket_whose_access_failed_was_sent_all_the_same(cli: Cli, tmp_path: Path) -> None:
    """Whoever hears of an error would send it again: it is said that it went, and what is left to do."""
    secret = tmp_path / "access.txt"
    secret.write_text("root / Violet-Kettle")
    secret.chmod(0o600)
    letter = text(tmp_path, "The console of db-1 is dark\nThe console shows nothing since noon. Please look at it.")
    cli.sandbox.faults({"kind": "drop-after", "path": "*/access", "method": "PUT", "times": 1})
    try:
        failed = cli("tickets", "new", letter, "--access-file", str(secret), "--yes")
    finally:
        cli.sandbox.faults()
    assert failed.code != 0 and "Violet" not in failed.out + failed.err
    assert "The ticket was sent, do not send it again" in failed.err and "tickets access give id:" in failed.err


NAMES = ("\N{CJK UNIFIED IDEOGRAPH-5B57}" * 255, "../x", "~", "-rf", "\u202egpj.exe", "a\nb", "..")


def test_tkt_6_files_of_every_name_are_saved_in_their_folder(tmp_path: Path) -> None:
    """A name has bytes: 255 letters of Chinese are no file name anywhere; and an id may be anything at all."""
    places = _places(tmp_path, [AttachmentRow(f"../{name[:9]}", name, 1) for name in (*NAMES, *NAMES)])
    for place in places:
        assert place.parent == tmp_path
        place.write_bytes(b"x")
    assert len(set(places)) == 2 * len(NAMES)
