"""docs/api.md names every address of the reference panel, and docs/ every code that it can answer with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

import billtui
import billtui.domain.rules
from billtui.sandbox.http.app import describe
from billtui.sandbox.http.fault_set import FaultKind
from billtui.sandbox.http.routes import sandbox

SOURCE = Path(billtui.__file__).parent
DOCS = SOURCE.parents[1] / "docs"
_IN_CODE = re.compile(
    r'(?:Refusal|ApiProblem|problem_body|SignInRefused|_refuse|WrongSecret|NotWithThisKey)\(\s*(?:\d{3},\s*)?"([a-z]+(?:-[a-z]+)*)"'
)
_ATTRIBUTE = re.compile(r'^    code = "([a-z]+(?:-[a-z]+)*)"', re.MULTILINE)
_TABLE = re.compile(r"^([a-z]+(?:-[a-z]+)+) {2,}[A-Z]{3}-\d", re.MULTILINE)
PREFIX = "/api/v1"


def _plain(text: str) -> str:
    """Without the prefix, and every parameter under the same name."""
    return re.sub(r"\{\w+\}", "{}", text.replace(PREFIX + "/", "/"))


def addresses() -> list[str]:
    """``METHOD /path`` of everything that the panel answers to."""
    described = json.loads(describe())["paths"]
    found = {f"{method.upper()} {_plain(path)}" for path, methods in described.items() for method in methods}
    for route in sandbox.router.routes:
        assert isinstance(route, APIRoute)
        found |= {f"{method} {_plain(route.path)}" for method in route.methods or ()}
    return sorted(found)


def codes() -> list[str]:
    """Every code of a problem: the table of the rules, and what stands in the code of rules and sandbox."""
    found = set(_TABLE.findall(billtui.domain.rules.__doc__ or ""))
    for folder in ("domain", "sandbox"):
        for file in (SOURCE / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            found.update(_IN_CODE.findall(text), _ATTRIBUTE.findall(text))
    return sorted(found - {"refused"})  # the base class's own, which nothing answers with


def test_the_search_finds_what_there_is() -> None:
    assert len(addresses()) >= 39
    assert {"GET /orders/{}", "POST /sandbox/provider/{}/settle", "DELETE /sessions/current"} <= set(addresses())
    assert len(codes()) >= 60
    assert {"already-paid", "rate-limited", "version-mismatch", "quote-used", "wrong-totp"} <= set(codes())


@pytest.mark.parametrize("address", addresses())
def test_every_address_is_described(address: str) -> None:
    assert re.search(rf"{re.escape(address)}(?![\w/{{])", _plain((DOCS / "api.md").read_text(encoding="utf-8")))


def test_every_code_is_named() -> None:
    texts = "\n".join(file.read_text(encoding="utf-8") for file in DOCS.glob("*.md"))
    assert [code for code in codes() if f"`{code}`" not in texts] == []


def test_every_kind_of_fault_is_described() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    assert [kind for kind in FaultKind if f"| `{kind}` |" not in text] == []
