"""Orders to another account by commands: two accounts, each in processes of its own (TRF)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import PASSWORD, Cli, Result, process
from tests.support.on_terminal import OnTerminal

Json = dict[str, Any]
OLENA, KOFI = "olena.marsh", "kofi.brandt"
SECRET = {"BILLTUI_PASSWORD": PASSWORD}


def recipient(cli: Cli) -> tuple[str, ...]:
    account = next(one for one in cli.sandbox.accounts if one["login"] == KOFI)
    return ("--to-login", KOFI, "--to-id", str(account["account_id"]))


def run(cli: Cli, login: str, *arguments: str, stdin: str | None = None) -> Result:
    """A command of ``login`` as a process of its own."""
    return process("--url", cli.sandbox.url, "--login", login, *arguments, stdin=stdin, variables=SECRET)


def mails(cli: Cli, login: str, subject: str) -> list[Json]:
    items: list[Json] = cli.json("mail", login=login)["items"]
    return [one for one in items if one["subject"] == subject]


def links(cli: Cli, login: str, subject: str, *transfers: str) -> str:
    """The links of the mails about ``transfers``, a line each; the seeded fleet has others under way."""
    found = {one["transfer_id"]: one["link"] for one in mails(cli, login, subject)}
    return "".join(f"{found[one]}\n" for one in transfers)


def mine(cli: Cli, login: str) -> dict[str, Json]:
    return {one["id"]: one for one in cli.json("orders", "list", login=login)["items"]}


def state(cli: Cli, transfer_id: str, login: str = OLENA) -> str:
    found: str = cli.json("transfers", "show", f"id:{transfer_id}", login=login)["transfer"]["state"]
    return found


def push(cli: Cli, count: int = 1) -> list[Json]:
    """Push ``count`` free orders to the second client; the transfers begun."""
    chosen = [f"id:{one['id']}" for one in cli.renewable(count)]
    job = cli.json("transfers", "push", *chosen, *recipient(cli), "--yes")["job"]
    items: list[Json] = job["operations"][0]["answer"]["items"]
    return items


def code(cli: Cli, transfer_id: str, login: str, subject: str = "Order Transfer Confirmation") -> str:
    [found] = [one["code"] for one in mails(cli, login, subject) if one["transfer_id"] == transfer_id]
    assert isinstance(found, str)
    return found


def test_two_accounts_in_processes_of_their_own(own_cli: Callable[..., Cli]) -> None:
    """Push two, one blocked by an invoice, which is paid; confirm, accept: they change hands (TRF-1 to TRF-5)."""
    cli = own_cli()
    free, billed = cli.renewable(1)[0]["id"], cli.issue(cli.renewable(2)[1]["id"])
    blocked = billed["lines"][0]["order_id"]
    before = {one: cli.order(one) for one in (free, blocked)}
    wanted = ("transfers", "push", f"id:{free}", f"id:{blocked}", *recipient(cli))

    looked = cli.json(*wanted, "--dry-run")
    [blocker] = looked["preflight"]["blocked"]
    assert (blocker["id"], blocker["rule"]) == (blocked, "TRF-4")
    assert blocker["way_out"]["invoice_id"] == billed["id"]
    assert [one["id"] for one in looked["preflight"]["going"]] == [free]
    way = blocker["way_out"]["command"].split()[1:]
    assert cli.json(*way, "--yes")["exit"] == 0

    pushed = cli.json(*wanted, "--yes")
    [operation] = pushed["job"]["operations"]
    assert (pushed["exit"], operation["kind"], operation["state"]) == (0, "transfer.push", "done")
    ids = [one["id"] for one in operation["answer"]["items"]]
    assert {one["order_id"] for one in operation["answer"]["items"]} == {free, blocked}
    assert not [one for one in cli.json("transfers", "list", login=KOFI)["items"] if one["id"] in ids]
    assert cli.order(free)["transfer_id"] in ids

    done = run(cli, OLENA, "transfers", "confirm", "--link-stdin", "--yes", "--json",
               stdin=links(cli, OLENA, "Order Transfer Confirmation", *ids))  # fmt: skip
    assert done.code == 0, done
    assert [one["state"] for one in done.json["job"]["operations"]] == ["done", "done"]
    shown = [one for one in cli.json("transfers", "list", "--open", login=KOFI)["items"] if one["id"] in ids]
    assert {(one["id"], one["turn"], one["direction"]) for one in shown} == {(one, "you accept", "in") for one in ids}

    codes = "".join(f"{code(cli, one, KOFI, 'Order Acceptance Confirmation').lower()}\n" for one in ids)
    accepted = run(cli, KOFI, "transfers", "accept", *(f"id:{one}" for one in ids), "--code-stdin", "--yes", "--json",
                   stdin=codes)  # fmt: skip
    assert accepted.code == 0, accepted
    ours, theirs = mine(cli, OLENA), mine(cli, KOFI)
    for one in (free, blocked):
        assert one not in ours
        assert theirs[one]["auto_renew"]["on"] is False and theirs[one]["transfer_id"] is None
        assert theirs[one]["monthly_price"] == before[one]["monthly_price"]
    assert theirs[free]["paid_until"] == before[free]["paid_until"]
    assert {state(cli, one, login) for one in ids for login in (OLENA, KOFI)} == {"completed"}
    assert cli("journal", "verify").code == 0 and cli.sandbox.check_books() == []


def test_what_was_said_about_both_bills_is_what_they_are_afterwards(own_cli: Callable[..., Cli]) -> None:
    """DSC-2, TRF-5: the sender's exactly; the recipient's at most, since the length of use comes along."""
    cli = own_cli()
    one = cli.renewable(1)[0]["id"]
    wanted = ("transfers", "push", f"id:{one}", *recipient(cli))
    said = cli.json(*wanted, "--dry-run")["preflight"]["bill"]
    [item] = cli.json(*wanted, "--yes")["job"]["operations"][0]["answer"]["items"]
    key, number = f"id:{item['id']}", item["id"]
    assert run(cli, OLENA, "transfers", "confirm", "--link-stdin", "--yes",
               stdin=links(cli, OLENA, "Order Transfer Confirmation", number)).code == 0  # fmt: skip
    told = cli.json("transfers", "accept", key, "--dry-run", login=KOFI)["bill"]
    assert run(cli, KOFI, "transfers", "accept", "--link-stdin", "--yes",
               stdin=links(cli, KOFI, "Order Acceptance Confirmation", number)).code == 0  # fmt: skip
    other = f"id:{cli.renewable(1)[0]['id']}"
    now = cli.json("transfers", "push", other, *recipient(cli), "--dry-run")["preflight"]["bill"]
    assert now["monthly"] == said["monthly_after"] and now["tiers"][0]["count"] == said["tiers"][0]["count_after"]
    theirs = cli.json("optimize", "what-if", "--add", "vds-nano:nl:1", login=KOFI)
    assert cents(theirs["monthly"]) <= cents(told["monthly_after"])
    assert [tier["count"] for tier in theirs["tiers"]] == [tier["count_after"] for tier in told["tiers"]]


def cents(money: Json) -> int:
    return int(money["amount"].replace(".", ""))


def test_wrong_recipients_each_with_their_own_words_and_no_half_is_told(own_cli: Callable[..., Cli]) -> None:
    """TRF-1, TRF-4."""
    cli = own_cli()
    order = f"id:{cli.renewable(1)[0]['id']}"
    account = recipient(cli)[3]

    def refused(login: str, account_id: str) -> tuple[int, str, str]:
        result = cli("transfers", "push", order, "--to-login", login, "--to-id", account_id, "--yes", "--json")
        return result.code, result.error["code"], result.error["detail"]

    email = refused("kofi.brandt@post.example", account)
    assert email[:2] == (5, "recipient-is-email") and "login" in email[2]
    assert refused(OLENA, cli.json("whoami")["account"]["account_id"])[:2] == (5, "transfer-to-self")
    assert cli.json("jobs", "list")["items"] == []
    wrong = [refused(login, given) for login, given in ((KOFI, "1"), ("nobody", account), ("nobody", "1"))]
    assert {one[:2] for one in wrong} == {(5, "recipient-not-found")}
    words = {one[2].partition(": ")[2] for one in wrong}
    assert len(words) == 1 and "together" in words.pop()
    for _ in range(7):
        refused("nobody", "1")
    limited = refused(KOFI, account)
    assert limited[:2] == (5, "too-many-wrong-recipients") and "try again at" in limited[2]
    assert cli.order(order.removeprefix("id:"))["transfer_id"] is None


def test_wrong_used_and_missing_codes(own_cli: Callable[..., Cli]) -> None:
    """TRF-2, TRF-3: each with its own words; nothing is sent for what cannot be the code."""
    cli = own_cli()
    [one] = push(cli)
    key = f"id:{one['id']}"

    def confirm(stdin: str | None, *more: str) -> Result:
        return run(cli, OLENA, "transfers", "confirm", *more, "--yes", "--json", stdin=stdin)

    none = confirm(None, key)
    assert (none.code, none.error["code"]) == (2, "no-code") and "--code-stdin" in none.error["hint"]
    link = links(cli, OLENA, "Order Transfer Confirmation", one["id"]).strip()
    other_step = confirm(link.replace("#confirm", "#accept"), "--link-stdin")
    assert (other_step.code, other_step.error["code"]) == (2, "no-code") and "to accept" in other_step.error["detail"]
    other_one = confirm(link.replace(f"/{one['id']}#", "/999#"), key, "--link-stdin")
    assert (other_one.code, other_one.error["code"]) == (2, "no-code")
    assert confirm("a b c d\nsecond line 1", key, "--code-stdin").error["code"] == "no-code"
    jobs = len(cli.json("jobs", "list")["items"])
    wrong = confirm("WRNG-WRNG-WRNG-WRNG\n", key, "--code-stdin")
    assert (wrong.code, wrong.error["code"], wrong.error["rule"]) == (5, "wrong-code", "TRF-2")
    assert f"billtui transfers confirm {key}" in wrong.error["hint"]
    assert len(cli.json("jobs", "list")["items"]) == jobs + 1
    cli.sandbox.faults({"kind": "expire-session", "times": 1, "method": "POST", "path": "*/confirm"})
    expired = confirm(link, "--link-stdin")
    assert expired.code == 3, expired
    assert "give it again: billtui transfers confirm" in expired.error["hint"]
    cli.sandbox.faults()
    newest = cli.json("jobs", "list", "--limit", "1")["items"][0]["id"]
    [after] = cli.json("jobs", "show", newest)["items"][0]["operations"]
    assert (after["state"], after["code"], after["sends"]) == ("refused", "code-needed", 1)
    assert confirm(link, "--link-stdin").code == 0
    again = confirm(link, "--link-stdin")
    assert (again.code, again.error["code"]) == (5, "already-confirmed")
    assert cli.json("transfers", "cancel", key, "--yes")["exit"] == 0
    over = confirm(link, "--link-stdin")
    assert (over.code, over.error["code"], over.error["rule"]) == (5, "transfer-over", "TRF-3")


def test_no_file_that_was_written_holds_a_code(own_cli: Callable[..., Cli], own_environment: Path) -> None:
    """TRF-2: journal, copy and logs, after right and wrong codes, by processes of their own."""
    cli = own_cli()
    ids = [one["id"] for one in push(cli, 2)]
    codes = [code(cli, one, OLENA) for one in ids]
    given = f"WRNG-CAFE-0000-{codes[0][-4:]}\n{codes[1]}\n"
    first = run(cli, OLENA, "transfers", "confirm", *(f"id:{one}" for one in ids), "--code-stdin", "--yes", "--json",
                stdin=given)  # fmt: skip
    assert first.code == 7, first
    assert state(cli, ids[1]) == "awaiting recipient"
    accept = code(cli, ids[1], KOFI, "Order Acceptance Confirmation")
    second = run(cli, KOFI, "transfers", "accept", f"id:{ids[1]}", "--code-stdin", "--yes", stdin=accept)
    assert second.code == 0, second
    secrets = [given.split()[0], *codes, accept]
    for result in (first, second):
        assert not any(one in result.out + result.err for one in secrets)
    looked_at = 0
    for path in own_environment.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            looked_at += 1
            found = [one for one in secrets if one.encode() in content or one.replace("-", "").encode() in content]
            assert not found, path
    assert looked_at >= 3 and (own_environment / "state" / "journal.db").exists()


def test_plan_files_of_pushes_and_cancels_and_none_of_what_needs_a_code(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "push.json"
    order = cli.renewable(1)[0]["id"]
    written = cli("transfers", "push", f"id:{order}", *recipient(cli), "--plan-out", str(file))
    assert written.code == 0 and "nothing was sent" in written.out
    shown = cli("plan", "show", str(file)).out
    assert "login “kofi.brandt”" in shown and f"“{cli.order(order)['name']}”" in shown
    applied = cli.json("apply", str(file), "--yes")
    assert applied["exit"] == 0
    [one] = applied["job"]["operations"][0]["answer"]["items"]
    again = cli.json("apply", str(file), "--yes")
    going = [row for row in cli.json("transfers", "list", "--open")["items"] if row["order_id"] == order]
    assert again["already_done"] is True and len(going) == 1
    key = f"id:{one['id']}"
    refused = cli("transfers", "confirm", key, "--plan-out", str(tmp_path / "confirm.json"), "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage") and "stands in no file" in refused.error["detail"]
    planned = cli.json("transfers", "confirm", key, "--dry-run")["plan"]
    (tmp_path / "made.json").write_text(json.dumps(planned))
    made = cli("apply", str(tmp_path / "made.json"), "--yes", "--json")
    assert (made.code, made.error["code"]) == (5, "code-needed") and "transfers confirm" in made.error["hint"]
    assert state(cli, one["id"]) == "awaiting sender"
    cancel = tmp_path / "cancel.json"
    assert cli("transfers", "cancel", key, "--plan-out", str(cancel)).code == 0
    assert cli.json("apply", str(cancel), "--yes")["exit"] == 0
    assert state(cli, one["id"]) == "cancelled"


@pytest.mark.parametrize("kind", ["drop-after", "drop-before"])
def test_a_lost_answer_is_looked_up_and_the_order_moves_once(own_cli: Callable[..., Cli], kind: str) -> None:
    """RELIABILITY "Money": push and acceptance under each fault; sent again only where it was never seen."""
    cli = own_cli()
    cli.sandbox.faults({"kind": kind, "times": 1, "method": "POST", "path": "*/transfers"})
    [one] = push(cli)
    assert cli.sandbox.fault_strikes() == [1]
    assert run(cli, OLENA, "transfers", "confirm", "--link-stdin", "--yes",
               stdin=links(cli, OLENA, "Order Transfer Confirmation", one["id"])).code == 0  # fmt: skip
    cli.sandbox.faults({"kind": kind, "times": 1, "method": "POST", "path": "*/accept"})
    done = run(cli, KOFI, "transfers", "accept", "--link-stdin", "--yes", "--json",
               stdin=links(cli, KOFI, "Order Acceptance Confirmation", one["id"]))  # fmt: skip
    assert done.code == 0 and cli.sandbox.fault_strikes() == [1]
    [operation] = done.json["job"]["operations"]
    assert (operation["state"], operation["sends"]) == ("done", 2 if kind == "drop-before" else 1)
    assert one["order_id"] in mine(cli, KOFI) and one["order_id"] not in mine(cli, OLENA)
    told = [mail["order_id"] for mail in mails(cli, OLENA, "Order Transfer Confirmation")]
    assert told.count(one["order_id"]) == 1
    assert len([row for row in cli.json("transfers", "list")["items"] if row["order_id"] == one["order_id"]]) == 1
    assert cli("journal", "verify").code == 0


def test_on_a_terminal_the_login_is_typed_once_more_and_a_code_is_not_shown(own_cli: Callable[..., Cli]) -> None:
    cli = own_cli()
    number = cli.renewable(1)[0]["id"]
    order = f"id:{number}"
    panel = ("--url", cli.sandbox.url, "--login", OLENA)
    with OnTerminal(*panel, "transfers", "push", order, *recipient(cli), **SECRET) as terminal:
        terminal.until("Type the login of the recipient")
        terminal.type("kofi.brant")
        assert terminal.end() == 2 and "another login" in terminal.output
    assert cli.order(number)["transfer_id"] is None
    with OnTerminal(*panel, "transfers", "push", order, *recipient(cli), **SECRET) as terminal:
        terminal.until("Type the login of the recipient")
        terminal.type(KOFI)
        assert terminal.end() == 0, terminal.output
        assert "billtui transfers confirm" in terminal.output
    one = cli.json("transfers", "show", f"order:{number}")["transfer"]
    secret = code(cli, one["id"], OLENA)
    with OnTerminal(*panel, "transfers", "confirm", one["order_name"], **SECRET) as terminal:
        terminal.until("not shown:")
        terminal.type(secret)
        terminal.until("[y/N]")
        terminal.type("y")
        assert terminal.end() == 0, terminal.output
        assert secret not in terminal.output
    assert state(cli, one["id"]) == "awaiting recipient"


def test_transfers_are_named_by_id_or_by_their_order(cli: Cli) -> None:
    [one] = push(cli)
    name = cli.order(one["order_id"])["name"]
    for word in (f"id:{one['id']}", f"name:{name}", name, f"order:{one['order_id']}"):
        assert cli.json("transfers", "show", word)["transfer"]["id"] == one["id"]
    missing = cli("transfers", "show", "nothing-like-it", "--json")
    assert (missing.code, missing.error["code"]) == (4, "not-found")
    text = cli("transfers", "list", "--open").out
    assert name in text and "you confirm" in text and "awaiting sender" in text
    assert cli.json("transfers", "cancel", name, "--yes")["exit"] == 0


def test_a_whole_push_is_cancelled_at_once(cli: Cli) -> None:
    """TRF-7: pushed to the wrong account, all of it is taken back by naming one."""
    ids = [one["id"] for one in push(cli, 3)]
    assert cli.json("transfers", "cancel", f"id:{ids[0]}", "--yes")["job"]["counts"] == {"done": 1}
    rest = cli.json("transfers", "cancel", f"id:{ids[1]}", "--whole-push", "--yes")
    assert rest["job"]["counts"] == {"done": 2} and {state(cli, one) for one in ids} == {"cancelled"}


def test_mail_is_marked_as_the_sandboxs(cli: Cli) -> None:
    text = cli("mail", "--limit", "1")
    assert "of the sandbox" in text.out and "nothing was really sent" in text.err
    own = cli.json("mail")
    assert own["sandbox"] is True and {one["to"] for one in own["items"]} == {"olena@marsh-hosting.example"}
    everybody = cli.json("mail", "--all")["items"]
    assert len(everybody) > len(own["items"])
    assert cli("mail", "--all", "--to", "a@example.org").code == 2
