"""Whatever is thrown at the API, it answers as its description says, and the books stay right.

Requests are generated from the description by schemathesis: valid ones, and ones broken in every place. The number of
examples is bounded, and they are the same in every run; ``BILLTUI_FAULTS=long`` takes more of them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests.support.sandbox import SandboxProcess

EXAMPLES = 200 if os.environ.get("BILLTUI_FAULTS") == "long" else 5


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox that takes the beating; afterwards its books are checked."""
    server = SandboxProcess(tmp_path_factory.mktemp("fuzzed") / "panel.db", hostile=True).start()
    try:
        yield server
        assert server.check_books() == []
    finally:
        server.kill()


@pytest.fixture(scope="module")
def api(fuzzed: SandboxProcess) -> Any:
    """The description as the running server publishes it."""
    description = schemathesis.openapi.from_url(f"{fuzzed.url}/api/v1/openapi.json")
    description.config.generation.update(with_security_parameters=False)  # the test signs in itself
    refusals = description.config.checks.negative_data_rejection
    refusals.expected_statuses = [*refusals.expected_statuses, "413"]  # a wrong body may be too large to be looked at
    return description


class Tokens:
    """A token that works, and new ones for requests that end theirs.

    What asks for the current password is asked by the second client: with made-up passwords its login is soon locked
    (ACC-6), which must not keep the first one out.
    """

    _lock = threading.Lock()
    _tokens: dict[str, str] = {}

    @classmethod
    def of(cls, server: SandboxProcess, case: Any) -> str:
        first, second = (server.account(number=number)["login"] for number in (0, 1))
        if case.method == "DELETE" and case.path.endswith("/sessions/current"):
            return server.sign_in(first)
        login = second if case.method == "POST" and "/me/" in case.path else first
        with cls._lock:
            if login not in cls._tokens:
                cls._tokens[login] = server.sign_in(login)
            return cls._tokens[login]


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_it_answers_as_described(case: Any, fuzzed: SandboxProcess) -> None:
    """Status, media type, headers and body are described; no 500; wrong input is refused; sign-in is asked for."""
    if case.path.endswith("/changes") and isinstance(case.query, dict):
        case.query.pop("wait", None)  # waiting is tested elsewhere
    token = Tokens.of(fuzzed, case)
    case.call_and_validate(
        headers={"Authorization": f"Bearer {token}"},
        checks=[
            checks.not_a_server_error,
            openapi_checks.status_code_conformance,
            openapi_checks.content_type_conformance,
            openapi_checks.response_headers_conformance,
            openapi_checks.response_schema_conformance,
            openapi_checks.negative_data_rejection,
            openapi_checks.unsupported_method,
        ],
    )
