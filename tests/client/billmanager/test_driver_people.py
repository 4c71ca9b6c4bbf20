"""The driver on documents of the wire text: tickets, and who is signed in."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager.memory import HeldFile
from billtui.client.drivers.billmanager.multipart import multipart
from billtui.client.drivers.billmanager.threads import thread_of
from billtui.client.errors import (
    ConfigurationProblem,
    Forbidden,
    InvalidInput,
    RuleRefused,
    SessionExpired,
    SignInRefused,
    TotpRequired,
)
from billtui.domain.models import (
    MessageRequest,
    TicketChange,
    TicketRequest,
    TicketState,
)
from tests.client.billmanager.documents import one
from tests.client.billmanager.kit import (
    driver,
    fields_of,
    play,
    refusal,
    row,
    text,
    write,
)

THREAD = {
    "elid": text("4501"), "subject": text("Server is down"), "closed_ticket_user": text("off"),
    "mlist": [{"fm_date_post": text("2026-02-01 10:00:00"), "message": [
        {"$type": "info", "rowgroup": [{"row": [text("VPS web-1 #8101")]}]},
        {"$id": "90011", "$type": "incoming", "date_post": text("2026-02-01 10:00:00"), "body": text("Please check"),
         "user": {"realname": text("Ivan Test")}, "avatar": text("/img/a.png", name="a.png"),
         "file": [{"name": text("a.log"), "param": text("771")}]},
        {"$id": "90015", "$type": "outcoming", "date_post": text("2026-02-01 10:20:00"), "body": text("Done"),
         "user": {"realname": text("Support")}, "rates": {"rate": {"$name": "good"}}},
        {"$id": "90020", "$type": "system", "body": text("Ticket was moved to Archive")}]}],
}  # fmt: skip


# -- tickets


def test_the_example_of_a_thread_with_its_directions() -> None:
    thread = thread_of(THREAD, "4501", driver().chosen.offset)
    assert [(one.id, one.author_role, one.author) for one in thread.messages] == [
        ("90011", "client", "Ivan Test"), ("90015", "support", "Support"), ("90020", "panel", ""),
    ]  # fmt: skip
    assert thread.messages[0].attachments[0].id == "771" and thread.messages[2].at == thread.messages[1].at
    assert thread.rateable == ["90015"] and thread.rating == 5


@pytest.mark.parametrize(
    ("word", "state"), [("In progress", "open"), ("Waiting to reply", "answered"), ("В работе", "answered")]
)
def test_whose_turn_it_is_says_the_panel_and_the_thread_only_where_it_does_not(word: str, state: str) -> None:
    """An answer that promises more leaves the ticket with support: reading it takes it off nobody's queue."""
    made = driver()
    made.memory.level = 29
    table = {
        "ticket_all": {"elem": [row(id="4501", name="Disk", client="ivan", tstatus=word)]},
        "ticket_all.edit": THREAD, "ticket": {"elem": []},
    }  # fmt: skip
    assert play(made.get_ticket("4501"), one(table)).state == state


@pytest.mark.parametrize(
    ("word", "archived", "unread", "state"),
    [("In progress", False, False, "open"), ("New replies", False, False, "answered"), ("x", False, True, "answered"),
     ("Waiting to reply", False, False, "answered"), ("In archive", False, False, "closed"),
     ("", True, True, "closed")],
)  # fmt: skip
def test_states_of_tickets(word: str, archived: bool, unread: bool, state: str) -> None:
    made = driver()
    func = "clientticket_archive" if archived else "clientticket"
    ticket = made.ticket_of(func, row(id="1", name="Hi", tstatus=word, unread="on" if unread else "off"))
    assert ticket.state == TicketState(state)


def test_files_go_with_their_message_in_one_body() -> None:
    made = driver()
    assert play(made.upload('a"b\r\n.log', b"--x\r\n", write(), None), one({})).size == 5
    upload = multipart((("func", "clientticket.edit"), ("message", "Hä")), [HeldFile('a"b\r\n.log', b"--x\r\n")])
    boundary = upload.content_type.partition("boundary=")[2].encode()
    assert upload.data.count(b"--" + boundary) == 4
    assert b'name="file_1"; filename="a_b__.log"' in upload.data and "Hä".encode() in upload.data


def test_a_reply_to_a_thread_that_moved_on_is_not_sent() -> None:
    asked: list[dict[str, str]] = []
    request = MessageRequest(body="And now?", seen="90011")
    with pytest.raises(RuleRefused) as caught:
        play(driver().write_message("4501", request, write()), one({"clientticket.edit": THREAD}), asked)
    assert caught.value.code == "thread-moved-on" and not any("sok" in form for form in asked)


def test_what_a_client_cannot_change_is_said() -> None:
    with pytest.raises(InvalidInput, match="close"):
        play(driver().change_ticket("1", TicketChange(subject="x"), write()), one({}))
    with pytest.raises(InvalidInput, match="invoice"):
        request = TicketRequest(department="1", subject="s", body="b", invoice_id="5")
        play(driver().new_ticket(request, write()), one({}))
    with pytest.raises(InvalidInput, match="good and bad"):
        play(driver().rate_ticket("1", 3, "", write()), one({}))


# -- signing in


def test_the_second_session_replaces_the_first() -> None:
    asked: list[dict[str, str]] = []
    table = {
        "auth": {"auth": {"$id": "half01", "$level": "16", "$": "half01"}},
        "whoami": {"ok": text("func=totp.confirm")},
        "totp.confirm": {"auth": {"$id": "whole02"}},
    }
    with pytest.raises(TotpRequired):
        play(driver().sign_in("ivan", SecretStr("pw"), None), one(table))
    token = play(driver().sign_in("ivan", SecretStr("pw"), SecretStr("123456")), one(table), asked)
    assert token.token.get_secret_value() == "whole02"
    assert asked[-1]["auth"] == "half01" and asked[-1]["qrcode"] == "123456"
    with pytest.raises(UnreadableAnswer):
        play(driver().sign_in("ivan", SecretStr("pw"), SecretStr("1")), one({**table, "totp.confirm": table["auth"]}))
    with pytest.raises(SignInRefused):
        wrong = {**table, "totp.confirm": refusal("value", "qrcode", "Wrong code")}
        play(driver().sign_in("ivan", SecretStr("pw"), SecretStr("1")), one(wrong))


def test_a_half_session_is_no_session() -> None:
    with pytest.raises(SessionExpired, match="second factor"):
        play(driver().me(), one({"whoami": {"ok": text("func=totp.confirm")}}))


def test_no_access_is_told_from_no_session_by_keepalive() -> None:
    table = {"vds": refusal("access", "vds", "Insufficient privileges"), "keepalive": {"ok": {}}, "menu": {}}
    with pytest.raises(Forbidden, match="Insufficient privileges"):
        play(driver().list_orders(()), one(table))
    with pytest.raises(SessionExpired, match="has ended"):
        play(driver().list_orders(()), one({**table, "keepalive": refusal("access")}))


def test_authinfo_is_an_option_and_goes_with_every_call() -> None:
    made = driver(sign_in="authinfo")
    exchange = made.authorised(made.form("vds"), SecretStr("p:w"))
    assert fields_of(exchange)["authinfo"] == "ivan:p:w" and "p:w" not in repr(exchange)
    assert "tickets.files" not in made.capabilities
    usual = driver()
    assert fields_of(usual.authorised(usual.form("vds"), SecretStr("abc")))["auth"] == "abc"
    with pytest.raises(ConfigurationProblem):
        usual.authorised(usual.form("vds"), SecretStr("two words"))


def test_a_recovery_link_is_read_and_anything_else_refused() -> None:
    asked: list[dict[str, str]] = []
    table = {"recovery.change": {"auth": {"$id": "x"}}}
    for code in ("https://panel.example/billmgr?func=recovery.change&userid=77&secret=abc", "77:abc"):
        play(driver().recover(SecretStr(code), SecretStr("new")), one(table), asked)
        assert (asked[-1]["userid"], asked[-1]["secret"]) == ("77", "abc")
    with pytest.raises(ConfigurationProblem):
        play(driver().recover(SecretStr("nonsense"), SecretStr("new")), one(table))
