"""The published description: the copy in docs/ is what the code says, and it is complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from billtui.sandbox.http.app import describe

COPY = Path(__file__).parents[3] / "docs" / "openapi.json"
WRITES = {"post", "patch", "delete", "put"}
QUIET = ("/sessions", "/quotes", "/me/password", "/me/totp", "/me/api-", "/password-recovery")
QUIET_ENDS = ("/access", "/access/reveal", "/presence")
"""Of tickets: secrets, and what soon means nothing (TKT-4, TKT-9)."""


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(describe())
    return found


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_copy_in_docs_is_fresh() -> None:
    assert COPY.read_text(encoding="utf-8") == describe(), "python -m billtui.sandbox --openapi > docs/openapi.json"


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere() -> None:
    found = document()
    assert found["openapi"] == "3.1.0"
    schemas = found["components"]["schemas"]

    def look(value: Any) -> None:
        if isinstance(value, dict):
            target = value.get("$ref")
            if isinstance(target, str):
                assert target.removeprefix("#/components/schemas/") in schemas, target
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(found)


def test_every_error_is_described_as_a_problem() -> None:
    for method, path, operation in operations():
        assert {"401", "422"} <= set(operation["responses"]), (method, path)
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


def test_every_write_takes_a_key() -> None:
    for method, path, operation in operations():
        headers = {p["name"]: p["required"] for p in operation.get("parameters", []) if p["in"] == "header"}
        if method in WRITES:
            quiet = path.removeprefix("/api/v1").startswith(QUIET) or path.endswith(QUIET_ENDS)
            assert headers["Idempotency-Key"] is not quiet, (method, path)
        else:
            assert "Idempotency-Key" not in headers


def test_the_sandbox_is_no_part_of_the_billing_api() -> None:
    assert all(path.startswith("/api/v1/") for _, path, _ in operations())
