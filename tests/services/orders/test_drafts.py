"""The draft of a bulk order: kept in a private file, emptied when it is confirmed, back when nothing was bought."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.cli.parser import parse
from billtui.domain.models import AutoRenew
from billtui.domain.safetext import SafeText
from billtui.services.order_draft import KeptDraft, OrderDraft, OrderDrafts

DRAFT = OrderDraft(
    period=3, addons=("backup",), names="web-{loc}-{n:02}", auto_renew=AutoRenew(on=True, months=6), promo_code="SPRING"
).with_quantities({("vds-micro", "nl"): 3, ("vds-micro", "de"): 5})


@pytest.fixture
def drafts(tmp_path: Path) -> OrderDrafts:
    return OrderDrafts(tmp_path, "panel", "204817")


def test_everything_typed_survives_a_restart(drafts: OrderDrafts, tmp_path: Path) -> None:
    assert drafts.load() == KeptDraft()
    drafts.save(DRAFT)
    again = OrderDrafts(tmp_path, "panel", "204817").load().draft
    assert again == DRAFT
    assert again.quantities == {("vds-micro", "nl"): 3, ("vds-micro", "de"): 5}


def test_it_is_private_and_of_one_account(drafts: OrderDrafts, tmp_path: Path) -> None:
    drafts.save(DRAFT)
    assert stat.S_IMODE(drafts.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(drafts.path.parent.stat().st_mode) == 0o700
    for panel, account in (("panel", "204818"), ("other", "204817"), ("panel\n2", "04817")):
        assert OrderDrafts(tmp_path, panel, account).load() == KeptDraft()
    assert "204817" not in drafts.path.name


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"draft": {"cells": [{"quantity": -1}]}}', b"\xff\xfe"])
def test_a_damaged_file_is_an_empty_draft(drafts: OrderDrafts, content: bytes) -> None:
    drafts.save(DRAFT)
    drafts.path.write_bytes(content)
    assert drafts.load() == KeptDraft()
    drafts.save(DRAFT)
    assert drafts.load().draft == DRAFT


def test_what_is_confirmed_cannot_be_ordered_again_by_a_slip(drafts: OrderDrafts) -> None:
    drafts.save(DRAFT)
    drafts.confirmed(DRAFT, "job-1")
    kept = drafts.load()
    assert kept.draft.cells == ()
    assert kept.draft.promo_code == ""
    assert kept.draft.period == 3, "the other choices stay for the next order"
    assert (kept.confirmed, kept.job_id) == (DRAFT, "job-1")
    drafts.save(kept.draft)
    assert drafts.load().confirmed == DRAFT, "saving does not forget what waits for its outcome"
    assert drafts.settled(None) is None
    assert drafts.load() == KeptDraft(draft=kept.draft)


def test_what_was_not_bought_comes_back(drafts: OrderDrafts) -> None:
    drafts.confirmed(DRAFT, "job-1")
    assert drafts.settled(DRAFT) == DRAFT
    assert drafts.load() == KeptDraft(draft=DRAFT)
    assert drafts.settled(DRAFT) is None, "once"


def test_it_does_not_come_back_over_something_new(drafts: OrderDrafts) -> None:
    drafts.confirmed(DRAFT, "job-1")
    new = OrderDraft().with_quantities({("vds-nano", "pl"): 1})
    drafts.save(new)
    assert drafts.settled(DRAFT) is None
    assert drafts.load() == KeptDraft(draft=new)


@given(
    st.dictionaries(
        st.tuples(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20)), st.integers(1, 9999), max_size=8
    )
)
def test_quantities_come_back_by_raw_ids(quantities: dict[tuple[str, str], int]) -> None:
    draft = OrderDraft().with_quantities(quantities)
    assert draft.quantities == quantities
    assert OrderDraft.model_validate_json(draft.model_dump_json()).quantities == quantities


def test_the_command_line_orders_the_same() -> None:
    """By the program's own parser."""
    options = parse(DRAFT.command_words())
    assert options.verb.name == "order new"
    assert options.cells == "nl:vds-micro=3,de:vds-micro=5"
    assert (options.period, options.addon, options.names) == (3, ["backup"], "web-{loc}-{n:02}")
    assert (options.auto_renew, options.promo) == (6, "SPRING")


def test_the_request_says_what_was_typed() -> None:
    request = DRAFT.request()
    assert [(one.plan, one.location, one.quantity) for one in request.cells] == [
        ("vds-micro", "nl", 3),
        ("vds-micro", "de", 5),
    ]
    assert (request.period, request.names, request.promo_code) == (3, "web-{loc}-{n:02}", "SPRING")
    assert request.addons == [SafeText("backup")]
    assert DRAFT.request(with_code=False).promo_code is None
    assert OrderDraft().request().names is None
