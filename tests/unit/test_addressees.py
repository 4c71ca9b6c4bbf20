"""Whom a ticket can be written to, on panels that name their departments as they like."""

from __future__ import annotations

import pytest

from billtui.domain.models import Department
from billtui.domain.safetext import SafeText
from billtui.services.addressees import Addressees, matter_of


def told(**names: str) -> Addressees:
    addressees = Addressees()
    addressees.tell([Department(id=SafeText(key.lstrip("_")), name=SafeText(name)) for key, name in names.items()])
    return addressees


@pytest.mark.parametrize(
    ("name", "matter"),
    [
        ("Technical support", "technical"), ("Support", "technical"), ("Техническая поддержка", "technical"),
        ("Billing", "finance"), ("Финансовый отдел", "finance"), ("Бухгалтерія", "finance"),
        ("Sales support", "sales"), ("Отдел продаж", "sales"), ("Abuse desk", "abuse"), ("Жалобы", "abuse"),
        ("General", ""), ("Mr. Unsupported", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_matter_is_told_from_a_name(name: str, matter: str) -> None:
    assert matter_of(name) == matter


def test_before_the_panel_has_told_them_they_are_the_billing_apis() -> None:
    usual = Addressees()
    usual.tell([])
    assert not usual.told and usual.meant_by("technical") == "technical" and usual.name("finance") == "Finance"


def test_numbered_departments_stand_for_matters_and_the_other_way_round() -> None:
    numbered = told(_12="Technical support", _13="Billing", _14="Partners", _15="Second line support")
    assert [numbered.meant_by(one) for one in ("technical", "finance", "sales", "13", "99", "")] == \
        ["12", "13", "", "13", "", ""]  # fmt: skip
    assert numbered.matter("13") == "finance" and numbered.matter("14") == "14" and numbered.matter("") == ""
    assert numbered.name("finance") == "Billing" and numbered.name("sales") == "sales"


def test_the_only_department_is_the_one_that_is_meant() -> None:
    assert told(_1="General").meant_by("technical") == "1"
    assert told(_1="General", _2="Partners").meant_by("technical") == ""
