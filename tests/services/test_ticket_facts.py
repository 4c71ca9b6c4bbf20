"""What a ticket about an order, an invoice or a failed step begins with (TKT-2)."""

from __future__ import annotations

from datetime import UTC, datetime

from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.journal import JobRow, JobState, OperationRow, OperationState
from billtui.services.store import InvoiceRow
from billtui.services.ticket_facts import about_invoice, about_order, about_step
from billtui.services.ticket_review import Known, TicketDraft, review
from tests.services.order_rows import order_row

AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def step(**more: object) -> tuple[JobRow, OperationRow]:
    """A refused renewal, as the journal has it."""
    row = OperationRow(
        job_id="j", number=1, key="Canary-key", kind="order.renew", title=SafeText("Renew web-1 for 1 month"),
        targets=("order:1041",), takes_from=None, amount=Money("5.55", "EUR"), state=OperationState.REFUSED,
        code="insufficient-funds", rule="INV-3", detail=SafeText("The balance holds 1.00 EUR."),
        request_id="req-8812", answer={"secret": "Canary-answer"}, sends=1, first_sent_at=AT, changed_at=AT, owner="me",
    )  # fmt: skip
    job = JobRow(
        id="j", kind="renew", title=SafeText("Renew 3 orders"), panel_id="p", panel_name=SafeText("Panel"),
        account_id="a", login=SafeText("olena.marsh"), profile="main", total=Money("5.55", "EUR"),
        left=Money("0", "EUR"), submitted_at=AT, state=JobState.FINISHED, paused=None, note=None, counts={},
    )  # fmt: skip
    return job, row


def test_a_failed_step_tells_what_was_sent_when_and_the_panels_words_and_nothing_secret() -> None:
    facts = about_step(*step())
    for words in (
        "Renew web-1 for 1 month: was refused", "Renew 3 orders, submitted 2026-03-04 05:06 UTC", "order 1041",
        "5.55 EUR", "1x, first 2026-03-04 05:06 UTC", "The balance holds 1.00 EUR. (INV-3)", "insufficient-funds",
        "req-8812",
    ):  # fmt: skip
        assert words in facts.body
    assert "Canary" not in facts.body + facts.subject
    assert facts.order_id == "1041"
    assert facts.body.startswith("\n\n```\n"), "a place to write, and then the facts"


def test_an_order_and_an_invoice_with_their_ids_states_and_times() -> None:
    order = about_order(order_row("1041", name="web-1", address="192.0.2.7", state="active", paid_until=1_772_600_000))
    assert order.order_id == "1041"
    assert all(words in order.body for words in ("web-1 (id 1041)", "192.0.2.7", "active", "2026-03-04 04:53 UTC"))
    row = InvoiceRow(
        "9", "INV-9", "renewal", "unpaid", 1_772_600_000, None, None, 555, "EUR", "of ```", None, None, 1, 1
    )
    invoice = about_invoice(row)
    assert (invoice.department, invoice.invoice_id) == ("finance", "9")
    assert all(words in invoice.body for words in ("INV-9 (id 9)", "unpaid", "5.55 EUR", "of '''"))
    assert "Due" not in invoice.body, "what is not known is left out"


def test_the_review_reads_no_sentences_in_the_facts() -> None:
    facts = about_step(*step())
    draft = TicketDraft(
        facts.department, "Renewal of web-1 was refused though there is money", facts.body, facts.order_id
    )
    assert [one.id for one in review(draft, Known())] == []
