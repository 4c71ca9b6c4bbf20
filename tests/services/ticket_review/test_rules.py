"""Each rule of the review on small texts: what it says, what it leaves alone, what it proposes (TKT-2, TKT-3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billtui.services.ticket_review import (
    Finding,
    InsertSection,
    Known,
    KnownOrder,
    PickOrder,
    Rewrite,
    SetDepartment,
    SetSubject,
    Severity,
    TicketDraft,
    Turn,
    apply,
    review,
)
from billtui.services.ticket_review.lexicon import LANGUAGES, Lexicon, lexicon
from billtui.services.ticket_review.reading import Reading
from tests.support.labelled_tickets import KNOWN

GOOD = TicketDraft(
    "technical",
    "IPv6 route of web-kyiv-1 is gone since 10:40",
    "Since 10:40 ping to 2001:db8:ffff::1 ends with “Network is unreachable”, IPv4 works.",
    order_id="1041",
)


def found(draft: TicketDraft = GOOD, known: Known = KNOWN, **changes: Any) -> list[Finding]:
    return review(replace(draft, **changes), known)


def ids(draft: TicketDraft = GOOD, known: Known = KNOWN, **changes: Any) -> set[str]:
    return {finding.id for finding in found(draft, known, **changes)}


def one(name: str, draft: TicketDraft = GOOD, known: Known = KNOWN, **changes: Any) -> Finding:
    [finding] = [finding for finding in found(draft, known, **changes) if finding.id == name]
    return finding


def test_a_good_ticket_has_no_finding() -> None:
    assert found() == []
    assert found(TicketDraft("technical", "", ""), Known())[0].id == "subject-says-nothing"


def test_a_department_that_is_not_known_is_left_alone() -> None:
    finding = one("wrong-department", department="finance")
    assert finding.fix == SetDepartment("technical")
    assert ids(department="domains") == set()


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("web-kyiv-1 is gone", "1041"),
        ("WEB-KYIV-1, please", "1041"),
        ("the order #1042", "1042"),
        ("заказ 1043 не работает", "1043"),
        ("замовлення 1043 не працює", "1043"),
        ("ping 198.51.100.77 fails", "1046"),
        ("2001:DB8:10:0::7 is gone", "1043"),
        ("first db-main, then shop-prod", "1042"),
        ("the server backup is slow", "1045"),
    ],
)
def test_an_own_order_that_is_named_is_proposed(text: str, order: str) -> None:
    finding = one("no-order", order_id=None, subject="Network", body=text)
    assert finding.fix == PickOrder(order)
    assert finding.span is not None


@pytest.mark.parametrize("text", ["we make a backup", "198.51.100.7.example", "10.41", "v1041", "203.0.113.199"])
def test_what_only_looks_like_an_order_is_none(text: str) -> None:
    assert "no-order" not in ids(order_id=None, subject="A question about your terms", body=text)


def test_the_only_order_is_proposed_where_a_fault_is_told() -> None:
    only = Known((KnownOrder("7", "solo"),))
    text = "The server does not boot since 10:00: kernel panic."
    assert one("no-order", known=only, order_id=None, subject="No boot", body=text).fix == PickOrder("7")
    assert one("no-order", order_id=None, subject="No boot", body=text).fix == PickOrder(None)


@pytest.mark.parametrize(
    "text",
    [
        "Nothing is broken, I only ask whether nested virtualisation exists.",
        "Ничего не сломалось, вопрос про виртуализацию.",
        "Усе працює, питання про віртуалізацію.",
        "What happens to my data if a node fails?",
        "We want to run a cluster without errors for years. Do you have nodes with ECC memory?",
        "Everything works fine, thank you. Which kernel will the new images have?",
    ],
)
def test_a_question_is_no_fault(text: str) -> None:
    assert ids(order_id=None, subject="Nested virtualisation", body=text) == set()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The server does not work."),
        ("ru", "Сервер не работает, исправьте."),
        ("uk", "Сервер не працює, виправте."),
    ],
)
def test_sections_are_put_in_in_the_language_of_the_text(language: str, text: str) -> None:
    draft = replace(GOOD, body=text, subject="web")
    fix = one("no-steps", draft).fix
    assert isinstance(fix, InsertSection)
    after = apply(draft, fix)
    headings = lexicon().templates[language].headings
    assert [line.strip() for line in after.body.splitlines()[-3:]] == list(headings)
    assert len([finding for finding in review(after, KNOWN) if finding.id == "empty-section"]) == 3
    filled = after.body.replace(headings[0], f"{headings[0]} here").replace(headings[1], f"{headings[1]} now")
    filled += "\n1. start it\n"
    assert "empty-section" not in ids(draft, body=filled)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "URGENT!!!",
        "help",
        "Help me please",
        "не работает",
        "Помогите!",
        "допоможіть",
        "Проблема",
        "?",
        "server",
        "плз",
        "123",
    ],
)
def test_a_subject_that_says_nothing_is_replaced_by_a_sentence_of_the_body(subject: str) -> None:
    draft = replace(GOOD, subject=subject)
    fix = one("subject-says-nothing", draft).fix
    assert isinstance(fix, SetSubject)
    assert fix.subject is not None
    assert len(fix.subject) <= 80
    assert fix.subject.startswith("Since 10:40")


@pytest.mark.parametrize(
    "subject", ["web-kyiv-1", "nginx 502", "Сайт тормозит", "203.0.113.44", "Invoice 12", "Нет IPv6"]
)
def test_a_subject_that_says_something(subject: str) -> None:
    assert "subject-says-nothing" not in ids(subject=subject)


def test_a_subject_is_never_made_of_a_secret() -> None:
    draft = replace(GOOD, subject="help", body="MySQL fails with the password: Xk29-fds! since 10:00")
    fix = one("subject-says-nothing", draft, access_given=True).fix
    assert fix == SetSubject(None)


def test_a_subject_is_never_made_of_the_place_where_a_secret_stood() -> None:
    """It would end in the middle of the mask."""
    draft = replace(GOOD, subject="help", body="MySQL fails and the root password is [removed]. Please help")
    assert one("subject-says-nothing", draft, access_given=True).fix == SetSubject(None)


def test_access_is_asked_for_where_software_fails_and_not_where_the_network_does() -> None:
    text = "Since 10:00 mysqld is killed on web-kyiv-1: Out of memory."
    assert "no-server-access" in ids(subject="mysqld is killed", body=text)
    assert "no-server-access" not in ids(subject="mysqld is killed", body=text, access_given=True)
    assert "no-server-access" not in ids(subject="mysqld is killed", body=f"{text} I will do the rest myself.")
    assert "no-server-access" not in ids()


def test_the_billing_password_is_told_apart_from_others() -> None:
    billing = found(body=f"{GOOD.body} My billing password is Kite-77-Lake.")
    assert [(finding.id, finding.severity) for finding in billing] == [("billing-password", Severity.RISK)]
    other = found(body=f"{GOOD.body} The root password is Kite-77-Lake.")
    assert [(finding.id, finding.severity) for finding in other] == [("secret-in-text", Severity.RISK)]
    for finding in (*billing, *other):
        assert "Kite" not in finding.reason
    assert ids(body=f"{GOOD.body} I forgot my billing password.") == set()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ne rabotaet server, pomogite pozhaluysta", "не работает сервер, помогите пожалуйста"),
        ("ne pracyuye server, dopomozhit bud laska", "не працює сервер, допоможіт буд ласка"),
    ],
)
def test_transliteration_is_written_in_its_own_letters(written: str, meant: str) -> None:
    draft = replace(GOOD, body=f"{written}. nginx /etc/nginx/ne.conf 192.0.2.10")
    fix = one("transliteration", draft).fix
    assert isinstance(fix, Rewrite)
    assert apply(draft, fix).body == f"{meant}. nginx /etc/nginx/ne.conf 192.0.2.10"


@pytest.mark.parametrize(
    "text",
    [
        "Die Maschine antwortet nicht mehr, bitte helfen Sie mir. Danke!",
        "Serwer nie odpowiada od wczoraj, proszę o pomoc.",
        "server problem, disk panel internet",
        "backups fail and nas is na",
    ],
)
def test_other_languages_in_latin_letters_are_no_transliteration(text: str) -> None:
    assert "transliteration" not in ids(body=text)


def test_slang_is_put_in_plain_words() -> None:
    draft = replace(GOOD, body="Сервак web-kyiv-1 с 10:40 лагает, плз гляньте: ping 300 мс.")
    after = apply(draft, one("slang", draft).fix)
    assert after.body == "Сервер web-kyiv-1 с 10:40 работает медленно, пожалуйста гляньте: ping 300 мс."


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("The log is attached.", True),
        ("Лог во вложении.", True),
        ("Знімок екрана прикріпив.", True),
        ("The volume is attached to the server.", False),
        ("How can I attach a log?", False),
        ("Не могу прикрепить журнал.", False),
        ("Письма с вложениями возвращаются.", False),
    ],
)
def test_an_attachment_that_is_spoken_of(text: str, missing: bool) -> None:
    assert ("missing-attachment" in ids(body=f"{GOOD.body} {text}")) is missing
    assert "missing-attachment" not in ids(body=f"{GOOD.body} {text}", attachments=("a.log",))


def test_a_reply_before_the_answer_costs_the_place() -> None:
    assert ids(turn=Turn.SUPPORT) == {"bumping"}
    assert ids(turn=Turn.SUPPORT, held=True) == set()
    assert ids(turn=Turn.CLIENT) == set()


def test_a_reply_need_not_say_again_what_the_ticket_says() -> None:
    poor = TicketDraft("finance", "help", "nginx does not work", turn=Turn.CLIENT)
    assert review(poor, KNOWN) == []


def test_logs_and_quotations_are_not_read_as_sentences() -> None:
    logs = "Jun 10 03:09:44 host app: see attached log, pls help\n> please find attached\n```\ndunno, plz\n```\n"
    assert ids(body=f"{GOOD.body}\n{logs}") == set()
    assert Reading(replace(GOOD, body=logs), KNOWN).prose.logs == 2


def test_findings_come_in_the_order_of_their_weight() -> None:
    draft = TicketDraft("finance", "help", "pls, nginx on web-kyiv-1 answers 502. password: hunter2x", None)
    severities = [list(Severity).index(finding.severity) for finding in review(draft, KNOWN)]
    assert severities == sorted(severities)
    assert severities[0] == 0


def test_every_language_has_every_table() -> None:
    words = lexicon()
    assert set(words.templates) == set(LANGUAGES)
    assert all(words.marks[language] for language in LANGUAGES)
    table = {"template": {"where": "", "since": "", "steps": ""}, "slang": {}, "marks": [], "phrases": {"a": ["b*"]}}
    with pytest.raises(ValueError, match="A stem"):
        Lexicon().add("xx", table)
