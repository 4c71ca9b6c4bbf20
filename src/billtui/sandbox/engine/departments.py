"""Departments: whom a ticket is written to (TKT-1), and how soon each answers for the first time (TKT-10)."""

from __future__ import annotations

from billtui.domain.policy import Policy
from billtui.sandbox.engine.wire_tickets import DepartmentJSON

_DEPARTMENTS = (
    ("technical", "Technical support", "Servers, network, access, operating systems, backups"),
    ("finance", "Finance", "Invoices, payments, refunds, balances, promises"),
    ("sales", "Sales", "Plans, prices, stock, individual offers, questions before a purchase"),
    ("abuse", "Abuse", "Complaints about servers, spam, attacks, copyright"),
)
DEPARTMENTS: tuple[str, ...] = tuple(department for department, _, _ in _DEPARTMENTS)
"""Their ids, in the order in which they are shown."""


def departments(policy: Policy) -> list[DepartmentJSON]:
    """All of them, with the time of the first answer by ``policy``."""
    return [
        {
            "id": department,
            "name": name,
            "about": about,
            "first_answer_minutes": int(
                policy.first_answer.get(department, policy.first_answer_otherwise).total_seconds() // 60
            ),
        }
        for department, name, about in _DEPARTMENTS
    ]
