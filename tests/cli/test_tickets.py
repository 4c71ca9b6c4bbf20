"""Tickets by commands: letters and their review, threads that moved on, drafts, attachments, server access (TKT)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import PASSWORD, Cli
from tests.support.on_terminal import OnTerminal

Json = dict[str, Any]
SAM = "sam.desk"
SECRET = "hunter2-or-not"
GOOD = (
    "Disk errors on git-nl-01 since 06:40 UTC\n"
    "The disk of git-nl-01 reports errors.\n\nSteps:\n1. log in to the server\n2. run dmesg\n\n"
    "I expected no errors, and dmesg shows I/O error on vda1."
)


def text(tmp_path: Path, words: str, name: str = "letter.txt") -> str:
    path = tmp_path / name
    path.write_text(words, encoding="utf-8")
    return str(path)


def ticket_of(job: Json) -> Json:
    """What the panel answered to the one letter of a job."""
    (operation,) = job["job"]["operations"]
    assert operation["state"] == "done", operation
    answer: Json = operation["answer"]
    return answer


def new(cli: Cli, tmp_path: Path, words: str = GOOD, *more: str) -> str:
    """The number of a new ticket of the first client."""
    return str(ticket_of(cli.json("tickets", "new", text(tmp_path, words), *more, "--yes"))["number"])


def thread(cli: Cli, number: str, login: str | None = None) -> list[Json]:
    found: list[Json] = cli.json("tickets", "show", number, login=login)["messages"]
    return found


def answer(cli: Cli, number: str, words: str, tmp_path: Path) -> None:
    """Support answers, whatever the thread holds."""
    cli.sandbox.advance(seconds=2)  # what was read is known to the second
    file = text(tmp_path, words, "answer.txt")
    assert cli("tickets", "reply", number, file, "--anyway", "--yes", login=SAM).code == 0


def drafts(cli: Cli, login: str | None = None) -> list[Json]:
    found: list[Json] = cli.json("tickets", "drafts", login=login)["items"]
    return found


def test_tkt_2_a_poor_letter_is_advised_and_sent_all_the_same(cli: Cli, tmp_path: Path) -> None:
    """TKT-2, TKT-3: advice with its rule, never a wall; the secret of the text is repeated nowhere; --fixed repairs."""
    poor = text(tmp_path, f"urgent\nplease help, the site is down. my root password: {SECRET}")
    shown = cli("tickets", "new", poor, "--dry-run")
    assert shown.code == 0 and "Advice before it is sent" in shown.out and "Dry run: nothing was sent." in shown.out
    assert "secret-in-text, TKT-3" in shown.out and "subject-says-nothing" in shown.out
    assert drafts(cli) == [], "a dry run leaves nothing behind"
    document = cli.json("tickets", "new", poor, "--yes")
    assert {"secret-in-text", "subject-says-nothing"} <= {one["id"] for one in document["review"]}
    assert SECRET not in shown.out + shown.err + str(document)
    sent = ticket_of(document)
    assert thread(cli, sent["number"])[0]["body"].endswith(SECRET), "it is the writer's text, and it went as it was"
    fixed = cli.json("tickets", "new", poor, "--fixed", "--yes")
    assert "secret-in-text" in fixed["fixed"]
    assert SECRET not in thread(cli, ticket_of(fixed)["number"])[0]["body"]


def test_a_letter_from_a_file_names_order_and_files(cli: Cli, tmp_path: Path) -> None:
    """TKT-1, TKT-6: subject and body, the order by its name, an attachment that comes back as it went."""
    order = cli.renewable()[0]
    log = tmp_path / "dmesg.log"
    log.write_bytes(b"I/O error\x00\xff" * 100)
    number = new(cli, tmp_path, GOOD, "--order", order["name"], "--attach", str(log), "--department", "technical")
    about_it = cli.json("tickets", "list", "--order", order["name"])["items"]
    listed = next(one for one in about_it if one["number"] == number)
    assert (listed["subject"], listed["order_id"], listed["state"]) == (GOOD.split("\n")[0], order["id"], "open")
    (message,) = thread(cli, number)
    assert message["body"] == GOOD.split("\n", 1)[1]
    (attached,) = message["attachments"]
    assert (attached["name"], attached["size"]) == ("dmesg.log", 1100)
    folder = tmp_path / "saved"
    folder.mkdir()
    saved = cli.json("tickets", "save", number, attached["id"], "--to", str(folder))
    assert saved["items"][0]["path"] == str(folder / "dmesg.log")
    assert (folder / "dmesg.log").read_bytes() == log.read_bytes()
    assert (folder / "dmesg.log").stat().st_mode & 0o777 == 0o600
    again = cli("tickets", "save", number, "--to", str(folder), "--json")
    assert (again.code, again.error["code"]) == (2, "file-exists")
    wide = tmp_path / "wide.bin"
    wide.write_bytes(b"0" * (10 * 1024 * 1024 + 1))
    refused = cli("tickets", "attach", number, str(wide), "--yes", "--json")
    assert (refused.code, refused.error["code"], refused.error["rule"]) == (5, "attachment-too-large", "TKT-6")


def test_tkt_9_a_thread_that_moved_on_holds_the_reply(cli: Cli, tmp_path: Path) -> None:
    """TKT-9: exit 8, what is new is shown, the draft is kept; shown, --seen or --anyway is the explicit yes."""
    number = new(cli, tmp_path)
    key = cli.json("tickets", "show", number)["ticket"]["id"]
    answer(cli, number, "Please run smartctl -a and send what it says.", tmp_path)
    said = "Here is what smartctl says: passed."
    thanks = text(tmp_path, said, "thanks.txt")
    held = cli("tickets", "reply", number, thanks, "--yes")
    assert held.code == 8
    assert "Please run smartctl -a" in held.err and "1 message you have not seen" in held.err
    assert f"tickets reply id:{key} --draft --seen" in held.err
    (kept,) = drafts(cli)
    assert (kept["kind"], kept["ticket_id"], kept["characters"]) == ("reply", key, len(said))
    document = cli.json("tickets", "reply", number, "--draft", "--yes", code=8)
    assert (document["kind"], [one["body"] for one in document["messages"]]) == (
        "ticket-moved-on",
        ["Please run smartctl -a and send what it says."],
    )
    last = document["messages"][-1]["id"]
    assert document["draft"]["characters"] == kept["characters"]
    answer(cli, number, "And the model, please.", tmp_path)
    again = cli.json("tickets", "reply", number, "--draft", "--seen", last, "--yes", code=8)
    assert [one["body"] for one in again["messages"]] == ["And the model, please."], "the yes covers what it named"
    sent = cli.json("tickets", "reply", number, "--draft", "--seen", again["messages"][-1]["id"], "--yes")
    assert ticket_of(sent)["ticket"]["state"] == "open"
    assert drafts(cli) == []
    assert [one["author_role"] for one in thread(cli, number)] == ["client", "support", "support", "client"]
    more = text(tmp_path, "One more thing.", "more.txt")
    assert cli("tickets", "reply", number, more, "--yes").code == 0, "what one wrote oneself is seen"
    answer(cli, number, "Thanks, replaced.", tmp_path)
    assert cli("tickets", "show", number).code == 0
    assert cli("tickets", "reply", number, text(tmp_path, "Confirmed."), "--yes", "--close").code == 0, "shown is seen"
    assert cli.json("tickets", "show", number)["ticket"]["state"] == "closed"


def test_a_text_beside_a_draft_is_another_letter(cli: Cli, tmp_path: Path) -> None:
    """TKT-9: what is written already is never lost to another text; each draft is sent, or discarded, by its number."""
    number = new(cli, tmp_path)
    answer(cli, number, "Which disk?", tmp_path)
    for words in ("The first one.", "The second one."):
        assert cli("tickets", "reply", number, text(tmp_path, words), "--yes").code == 8
    names = [f"reply-{number}-1", f"reply-{number}-2"]
    listed = cli("tickets", "drafts").out
    assert all(name in listed for name in names)
    assert cli("tickets", "reply", number, "--draft", "1", "--anyway", "--yes").code == 0
    assert thread(cli, number)[-1]["body"] == "The first one."
    assert cli("tickets", "drafts", "--discard", "reply-1-9").code == 4
    assert cli("tickets", "drafts", "--discard", names[1]).code == 0
    assert drafts(cli) == []
    assert cli("tickets", "reply", number, "--draft", "--yes").code == 4


def test_standard_input_and_texts_that_are_none(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TKT-1, TKT-6: - is standard input; nothing, no subject and an unknown department are refused, and kept."""
    monkeypatch.setattr("sys.stdin", io.StringIO("The fan of web-nl-01 is loud\nIt began today.\n"))
    sent = ticket_of(cli.json("tickets", "new", "-", "--yes"))
    assert cli.json("tickets", "list", "--query", "fan loud")["items"][0]["number"] == sent["number"]
    empty = text(tmp_path, "\n", "empty.txt")
    assert cli("tickets", "new", empty, "--yes", "--json").error["code"] == "subject-missing"
    assert cli("tickets", "reply", sent["number"], empty, "--anyway", "--yes", "--json").error["code"] == "body-missing"
    wrong = cli("tickets", "new", text(tmp_path, GOOD), "--department", "kitchen", "--yes", "--json")
    assert (wrong.code, wrong.error["code"]) == (5, "unknown-department")
    (kept,) = [one for one in drafts(cli) if one["kind"] == "new"]
    assert kept["subject"] == GOOD.split("\n")[0]
    sending = ("tickets", "new", "--draft", str(kept["number"]), "--department", "technical", "--yes")
    assert cli(*sending).code == 0
    assert [one for one in drafts(cli) if one["kind"] == "new"] == []
    assert cli("tickets", "show", "no-such").code == 4
    assert cli("tickets", "new", str(tmp_path / "gone.txt"), "--yes").code == 4


def test_tkt_4_server_access_is_a_secret_from_end_to_end(cli: Cli, tmp_path: Path) -> None:
    """TKT-4: from a private file, never an argument; read by support with a reason, logged, wiped with the ticket."""
    secret = f"root / {SECRET}"
    file = Path(text(tmp_path, secret, "access.txt"))
    number = new(cli, tmp_path)
    file.chmod(0o644)
    unsafe = cli("tickets", "access", "give", number, "--access-file", str(file), "--json")
    assert (unsafe.code, unsafe.error["code"], unsafe.error["rule"]) == (2, "unsafe-file", "TKT-4")
    file.chmod(0o600)
    given = cli.json("tickets", "access", "give", number, "--access-file", str(file))
    assert given["access"] == "given"
    assert cli("tickets", "access", "give", number).code == 2, "nothing can be typed here"
    shown = cli.json("tickets", "show", number)
    assert shown["ticket"]["access"] == "given" and SECRET not in str(shown)
    client = cli("tickets", "access", "reveal", number, "--reason", "mine", "--stdout", "--json")
    assert client.code == 5 and SECRET not in client.out + client.err
    without = cli("tickets", "access", "reveal", number, "--stdout", "--json", login=SAM)
    assert (without.code, without.error["code"]) == (2, "reason-missing")
    nowhere = cli("tickets", "access", "reveal", number, "--reason", "disk", login=SAM)
    assert nowhere.code == 2 and SECRET not in nowhere.out
    read = cli("tickets", "access", "reveal", number, "--reason", "disk check", "--stdout", login=SAM)
    assert (read.code, read.out) == (0, f"{secret}\n")
    (logged,) = cli.json("tickets", "show", number)["ticket"]["access_log"]
    assert (logged["login"], logged["reason"]) == (SAM, "disk check")
    with_it = new(cli, tmp_path, GOOD, "--access-file", str(file))
    assert cli.json("tickets", "show", with_it)["ticket"]["access"] == "given"
    assert cli("tickets", "close", number, with_it, "--yes").code == 0
    gone = cli("tickets", "access", "reveal", number, "--reason", "disk", "--stdout", "--json", login=SAM)
    assert (gone.code, gone.error["code"]) == (5, "access-wiped")

    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path != file]
    assert any(path.suffix == ".db" for path in kept), "journal and copy are among them"
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []


def test_tkt_5_closed_reopened_rated_and_found(cli: Cli, tmp_path: Path) -> None:
    """TKT-5: a message reopens; a rating once there is an answer; words of any message are found."""
    number = new(cli, tmp_path, GOOD.replace("vda1", "vda1 zygomorphic"))
    early = cli("tickets", "rate", number, "--stars", "5", "--yes", "--json")
    assert (early.code, early.error["rule"]) == (5, "TKT-5")
    answer(cli, number, "The cable was loose.", tmp_path)
    unread = cli.json("tickets", "list", "--unread")["items"]
    assert number in {one["number"] for one in unread}
    text_of_it = cli("tickets", "show", number, "--new")
    assert "The cable was loose." in text_of_it.out and "zygomorphic" not in text_of_it.out
    assert number not in {one["number"] for one in cli.json("tickets", "list", "--unread")["items"]}
    found = cli.json("tickets", "list", "--search", "zygomorphic")["items"]
    assert [one["number"] for one in found] == [number] and "zygomorphic" in found[0]["found"]["excerpt"]
    nothing = cli("tickets", "list", "--search", "zygomorphous").out
    assert "No ticket fits" in nothing and "Write one" not in nothing, "there are tickets"
    assert cli("tickets", "rate", number, "--stars", "4", "--comment", "quick", "--yes").code == 0
    assert cli("tickets", "reopen", number, text(tmp_path, "x"), "--yes", "--json").error["code"] == "not-closed"
    assert cli("tickets", "close", number, "--yes").code == 0
    back = cli.json("tickets", "reopen", number, text(tmp_path, "It is back."), "--yes")
    assert ticket_of(back)["ticket"]["state"] == "open"
    shown = cli.json("tickets", "show", number)["ticket"]
    assert (shown["rating"], shown["rating_comment"]) == (4, "quick")
    assert cli("tickets", "take", number, "--yes", "--json").error["code"] == "capability-missing", "support's work"
    assert cli("queue").code == 5


def test_the_editor_writes_and_the_terminal_asks(cli: Cli, tmp_path: Path) -> None:
    """TKT-9: $EDITOR for the text, y to send; a thread that moved on is shown and asked about before it goes."""
    number = new(cli, tmp_path)
    answer(cli, number, "Which slot is it in?", tmp_path)
    editor = tmp_path / "editor.sh"
    editor.write_text("#!/bin/sh\nprintf 'Slot four.' > \"$1\"\n")
    editor.chmod(0o755)
    command = ("--url", cli.sandbox.url, "--login", cli.login, "tickets", "reply", number)
    with OnTerminal(*command, EDITOR=str(editor), BILLTUI_PASSWORD=PASSWORD) as terminal:
        terminal.until("Which slot is it in?")
        terminal.until("now that you have read this? [y/N]")
        terminal.type("y")
        terminal.until("Do it? [y/N]")
        terminal.type("y")
        assert terminal.end() == 0
    assert thread(cli, number)[-1]["body"] == "Slot four."
    with OnTerminal(*command[:4], "tickets", "access", "give", number, BILLTUI_PASSWORD=PASSWORD) as terminal:
        terminal.until("not shown:")
        terminal.type(SECRET)
        assert terminal.end() == 0
        assert SECRET not in terminal.output
    reading = (*command[:2], "--login", SAM, "tickets", "access", "reveal", number, "--reason", "slot")
    with OnTerminal(*reading, BILLTUI_PASSWORD=PASSWORD) as terminal:
        terminal.until("\x1b[?1049h")
        terminal.until(SECRET)
        terminal.until("goes by itself after 60 s")
        terminal.type("")
        terminal.until("\x1b[?1049l")
        assert terminal.end() == 0
    assert SECRET not in terminal.output.partition("\x1b[?1049l")[2]
