"""Support by commands: the queue and why, triage one by one and in bulk, merging, canned replies, a shift (TKT-8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.cli.test_tickets import GOOD, SAM, answer, new, text, thread, ticket_of
from tests.support.command_line import Cli

Json = dict[str, Any]
ADA = "ada.desk"


def shown(cli: Cli, number: str) -> Json:
    found: Json = cli.json("tickets", "show", number, login=SAM)["ticket"]
    return found


def sam(cli: Cli, *words: str, code: int = 0) -> Json:
    return cli.json(*words, "--yes", code=code, login=SAM)


def test_tkt_8_triage_one_after_the_other(cli: Cli, tmp_path: Path) -> None:
    """TKT-5, TKT-8: taken, given away, handed over, tagged, served sooner, put on hold; what is so already is said."""
    number = new(cli, tmp_path)
    sam(cli, "tickets", "take", number)
    assert shown(cli, number)["assignee"] == SAM
    again = cli("tickets", "take", number, "--yes", "--json", login=SAM)
    assert (again.code, again.error["code"]) == (5, "nothing-to-do")
    sam(cli, "tickets", "assign", number, "--to", ADA)
    assert shown(cli, number)["assignee"] == ADA
    assert cli("tickets", "assign", number, "--yes", login=SAM).code == 2, "to whom?"
    sam(cli, "tickets", "hand-over", number, "--department", "finance")
    sam(cli, "tickets", "priority", number, "--to", "service-down")
    sam(cli, "tickets", "tag", number, "--add", "disk", "--add", "raid")
    sam(cli, "tickets", "tag", number, "--remove", "raid")
    now = shown(cli, number)
    assert (now["department"], now["assignee"], now["priority"], now["tags"]) == (
        "finance", None, "service down", ["disk"],
    )  # fmt: skip
    assert cli.json("tickets", "show", number)["ticket"]["tags"] == [], "staff's alone"
    clock = datetime.fromisoformat(cli.sandbox.advance(seconds=0))
    sam(cli, "tickets", "hold", number, "--until", "3h")
    held = shown(cli, number)
    until = datetime.fromisoformat(held["hold_until"])
    assert held["state"] == "on hold" and timedelta(0) <= until - clock - timedelta(hours=3) < timedelta(minutes=2)
    wrong = cli("tickets", "hold", number, "--until", "yesterday", "--yes", "--json", login=SAM)
    assert (wrong.code, wrong.error["code"], wrong.error["rule"]) == (2, "bad-time", "TKT-5")
    note = text(tmp_path, "The client is known for raid problems.", "note.txt")
    assert cli("tickets", "note", number, note, "--yes", login=SAM).code == 8, "nobody looked at it here yet"
    assert cli("tickets", "show", number, login=SAM).code == 0
    assert cli("tickets", "note", number, "--draft", "--yes", login=SAM).code == 0
    assert thread(cli, number, SAM)[-1]["internal"] is True
    assert [one["body"] for one in thread(cli, number)] == [GOOD.split("\n", 1)[1]], "the client sees no note (TKT-6)"


def test_tkt_8_merged_taken_out_again_and_split(cli: Cli, tmp_path: Path) -> None:
    """TKT-8, TKT-3: messages come together and go apart exactly; another account's ticket is refused."""
    first, second = new(cli, tmp_path), new(cli, tmp_path, "The mail stands still\nOn the same server. And a bill?")
    key, other = (cli.json("tickets", "show", one)["ticket"]["id"] for one in (first, second))
    theirs = text(tmp_path, "From Kofi\nA question of somebody else.", "kofi.txt")
    foreign = ticket_of(cli.json("tickets", "new", theirs, "--yes", login="kofi.brandt"))["number"]
    refused = cli("tickets", "merge", foreign, "--into", first, "--yes", "--json", login=SAM)
    assert (refused.code, refused.error["code"]) == (5, "not-mergeable")
    sam(cli, "tickets", "merge", second, "--into", first)
    assert shown(cli, second)["merged_into"] == key
    assert other in {one["merged_from"] for one in thread(cli, first, SAM)}
    sam(cli, "tickets", "unmerge", second)
    assert shown(cli, second)["merged_into"] is None
    assert other not in {one["merged_from"] for one in thread(cli, first, SAM)}
    assert (
        cli("tickets", "reply", second, text(tmp_path, "And the bill of May?", "bill.txt"), "--anyway", "--yes").code
        == 0
    )
    message = thread(cli, second, SAM)[-1]["id"]
    words = ("--subject", "A bill of the mail server", "--department", "finance")
    assert cli("tickets", "split", second, "--message", "999999", *words, "--yes", login=SAM).code == 4
    made = ticket_of(sam(cli, "tickets", "split", second, "--message", message, *words))
    apart = shown(cli, made["number"])
    assert (apart["department"], apart["subject"]) == ("finance", "A bill of the mail server")
    assert apart["split_from"] == other
    assert message in {one["id"] for one in thread(cli, made["number"], SAM)}
    assert message not in {one["id"] for one in thread(cli, second, SAM)}


def test_tkt_8_many_at_once_by_name_or_by_what_they_are(cli: Cli, tmp_path: Path) -> None:
    """TKT-8: chosen by state and tag, changed in one request; a client closes several, each by itself."""
    numbers = [new(cli, tmp_path, f"Sweep {place}\nOld.") for place in range(3)]
    sam(cli, "tickets", "bulk", *numbers, "--add-tag", "sweep", "--to-priority", "low", "--take")
    found = cli.json("tickets", "list", "--tag", "sweep", "--mine", "--priority", "low", login=SAM)
    assert sorted(one["number"] for one in found["items"]) == sorted(numbers)
    document = sam(cli, "tickets", "bulk", "--tag", "sweep", "--state", "open", "--close")
    (only,) = document["job"]["operations"]
    assert len(only["targets"]) == 3 and only["state"] == "done"
    assert cli("tickets", "bulk", "--tag", "nobody-has-this", "--close", "--yes", login=SAM).code == 4
    assert cli("tickets", "bulk", "--close", "--yes", login=SAM).code == 2, "never all of them by an oversight"
    assert cli("tickets", "bulk", numbers[0], "--yes", login=SAM).code == 2
    assert cli("tickets", "bulk", numbers[0], "--close", "--reopen", "--yes", login=SAM).code == 2
    sam(cli, "tickets", "bulk", *numbers, "--reopen")
    closing = cli.json("tickets", "close", *numbers, "--yes")
    assert [one["state"] for one in closing["job"]["operations"]] == ["done"] * 3


def test_tkt_7_the_queue_says_why_and_the_shift_what_was_done(cli: Cli, tmp_path: Path) -> None:
    """TKT-7, TKT-10: what cannot wait first, each with its reasons; counts by view; a shift by one and by all."""
    calm, down = new(cli, tmp_path), new(cli, tmp_path, "The shop is down\nSince 06:40.")
    sam(cli, "tickets", "priority", down, "--to", "service-down")
    queue = cli.json("queue", login=SAM)
    order = [one["number"] for one in queue["items"]]
    assert order.index(down) < order.index(calm) and queue["view"] == "next"
    row = next(one for one in queue["items"] if one["number"] == down)
    assert "down" in row["reasons"] and "service down" in row["why"]
    assert queue["counts"]["next"] == queue["total"] == len(order)
    assert queue["down"] >= 1
    said = cli("queue", "show", "--view", "unassigned", "--limit", "1", login=SAM)
    assert said.code == 0 and "Nobody has it: 1 ticket" in said.err
    assert cli("queue", "show", "--view", "kitchen", "--json", login=SAM).error["code"] == "unknown-view"
    before = cli.json("queue", "summary", "--hours", "1", "--mine", login=SAM)["summary"]
    answer(cli, down, "We are on it.", tmp_path)
    after = cli.json("queue", "summary", "--hours", "1", "--mine", login=SAM)["summary"]
    assert (after["answered"], after["first_answers"]) == (before["answered"] + 1, before["first_answers"] + 1)
    assert cli("queue", "summary", login=SAM).out.startswith("From")


def test_tkt_8_canned_replies_are_filled_or_not_sent(cli: Cli, tmp_path: Path) -> None:
    """TKT-8: made, found, changed, filled for the ticket, and held where nothing is known for a placeholder."""
    order = cli.renewable()[0]
    number = new(cli, tmp_path, GOOD, "--order", order["name"])
    body = text(tmp_path, "Dear {client}, ticket {ticket} about {order} is with {me}.", "canned.txt")
    saved = sam(cli, "canned", "save", body, "--title", "With us", "--department", "technical")
    key = saved["job"]["operations"][0]["answer"]["id"]
    listed = {one["id"]: one for one in cli.json("canned", "list", "--query", "with us", login=SAM)["items"]}
    assert (listed[key]["department"], listed[key]["language"]) == ("technical", "en")
    sam(cli, "canned", "save", "--change", "With us", "--department", "all", "--title", "It is with us")
    changed = cli.json("canned", "show", key, login=SAM)["reply"]
    assert (changed["title"], changed["department"], changed["body"]) == ("It is with us", None, Path(body).read_text())
    plan = cli("tickets", "reply", number, "--canned", "It is with us", "--anyway", "--dry-run", login=SAM)
    assert plan.code == 0 and "bumping" not in plan.out + plan.err, "support answers; it does not lose its own place"
    sam(cli, "tickets", "reply", number, "--canned", "It is with us", "--anyway", "--close")
    assert thread(cli, number)[-1]["body"] == (
        f"Dear {cli.login}, ticket {number} about {order['name']} is with {SAM}."
    )
    assert shown(cli, number)["state"] == "closed"
    by_hand = text(tmp_path, "It is ready at {time}.", "by-hand.txt")
    said = cli("canned", "save", by_hand, "--title", "By hand", "--yes", login=SAM)
    assert said.code == 0 and "by hand before each sending: {time}" in said.out + said.err
    held = cli("tickets", "reply", number, "--canned", "By hand", "--anyway", "--yes", "--json", login=SAM)
    assert (held.code, held.error["code"], held.error["rule"]) == (5, "unresolved-placeholder", "TKT-8")
    assert cli("canned", "show", "no such", login=SAM).code == 4
    for title in ("It is with us", "By hand"):
        sam(cli, "canned", "delete", title)
    assert cli("canned", "show", key, login=SAM).code == 4
    assert cli("canned", "list").code == 5, "a client has none"
