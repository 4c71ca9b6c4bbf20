"""The invented people of the demo. All of them have the same password, which is no secret."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from billtui.sandbox.engine.passwords import NOBODY, hash_password
from billtui.sandbox.engine.rows import AccountRow

DEMO_PASSWORD = "demo-fleet-2026"
"""The password of everybody in the demo."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    account_id: int
    login: str
    email: str
    role: str = "client"
    second_factor: bool = False
    more_emails: tuple[str, ...] = ()


FIRST = Person(204817, "olena.marsh", "olena@marsh-hosting.example", more_emails=("billing@marsh-hosting.example",))
"""Owns the fleet."""
SECOND = Person(318255, "kofi.brandt", "kofi.brandt@post.example")
"""Holds the running and the broken promises."""
THIRD = Person(427903, "mei.tanaka", "mei@tanaka-lab.example", second_factor=True)
"""Signs in with a second factor."""
SUPPORT = Person(900011, "sam.desk", "sam.desk@panel.example", role="support")
ADMIN = Person(900012, "root.admin", "root.admin@panel.example", role="admin")
SECOND_SUPPORT = Person(900013, "ada.desk", "ada.desk@panel.example", role="support")
PEOPLE: tuple[Person, ...] = (FIRST, SECOND, THIRD, SUPPORT, ADMIN)
COLLEAGUES: tuple[Person, ...] = (SECOND_SUPPORT,)
"""Those who came later."""


def account_row(person: Person, random: Random, created_at: int) -> AccountRow:
    """The account of an invented person."""
    salt = random.randbytes(16).hex()
    secret = base64.b32encode(random.randbytes(20)).decode() if person.second_factor else None
    return AccountRow(
        id=person.account_id,
        login=person.login,
        email=person.email,
        emails=json.dumps([person.email, *person.more_emails]),
        role=person.role,
        password=_hashed(salt),
        totp_secret=secret,
        created_at=created_at,
    )


_FIRST_NAMES = (
    "anna",
    "ben",
    "chidi",
    "dana",
    "emil",
    "farah",
    "goran",
    "hana",
    "ivo",
    "jana",
    "karim",
    "lena",
    "marek",
)
_LAST_NAMES = ("novak", "berg", "silva", "koch", "petrenko", "osei", "lindqvist", "rossi", "kaya", "dubois", "yilmaz")
_CUSTOMERS = 600_001
"""The account ID of the first of the many."""


def customer_row(random: Random, number: int, created_at: int) -> AccountRow:
    """One of the many clients of a large panel. Nobody has a password for it."""
    login = f"{random.choice(_FIRST_NAMES)}.{random.choice(_LAST_NAMES)}{number}"
    email = f"{login}@customers.example"
    return AccountRow(
        id=_CUSTOMERS + number,
        login=login,
        email=email,
        emails=json.dumps([email]),
        password=NOBODY,
        created_at=created_at,
    )


@lru_cache(maxsize=64)
def _hashed(salt: str) -> str:
    """The kept form of everybody's password: the same seed need not be hashed again in one process."""
    return hash_password(DEMO_PASSWORD, salt)
