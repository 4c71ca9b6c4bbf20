"""P-START: what is loaded when. Counts that no machine changes, where a time would be one of the hour."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIRST_FRAME = {
    "textual",
    "rich",
    "httpx",
    "pydantic",
    "asyncio",
    "sqlite3",
    "json",
    "re",
    "dataclasses",
    "enum",
    "signal",
}
HELP = {"textual", "rich", "httpx", "pydantic", "asyncio", "sqlite3", "json", "dataclasses", "inspect", "difflib"}
LATER = {
    "billtui.client.codec", "billtui.client.resources", "billtui.services.sync", "billtui.services.page_reading",
    "billtui.services.plans", "billtui.services.forecast", "billtui.services.letters_sent",
    "billtui.services.journal.reader", "billtui.domain.models.quotes",
}  # fmt: skip
"""What only a panel, a plan or a look ahead needs: none of it stands before the first key."""
OVERVIEW = LATER | {
    "httpx", "h11", "certifi", "keyring", "cryptography", "segno", "fastapi", "sqlalchemy",
    "billtui.client.transport", "billtui.services.executor.executor", "billtui.services.planner.draft",
    "billtui.services.solver", "billtui.services.what_if", "billtui.services.accounts.desk", "billtui.services.drafts",
    "billtui.screens.queue_view", "billtui.screens.ticket_view", "billtui.screens.orders", "billtui.cli.doctor",
}  # fmt: skip
ORDERS = LATER | {
    "billtui.screens.transferring", "billtui.screens.renewing", "billtui.screens.renewal_dialog",
    "billtui.screens.push_dialog", "billtui.services.solver", "billtui.services.what_if",
    "billtui.services.executor.executor", "httpx", "billtui.services.overview", "billtui.domain.models.tickets",
}  # fmt: skip


def loaded(code: str) -> set[str]:
    """The modules that are loaded after ``code``, in a Python of its own."""
    shown = "\nimport sys; sys.stderr.write('LOADED ' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code + shown], check=True, capture_output=True, text=True, timeout=120)
    return set(done.stderr.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import billtui.cli, billtui.cli.opening", FIRST_FRAME),
        ("from billtui.cli import main; main(['--help'])", HELP),
        ("import billtui.app, billtui.cli.program, billtui.screens.overview, billtui.services.session", OVERVIEW),
        ("import billtui.app, billtui.screens.orders, billtui.services.session", ORDERS),
    ],
    ids=["first frame", "help", "overview", "orders"],
)
def test_what_a_start_does_not_need_is_not_loaded(code: str, absent: set[str]) -> None:
    found = absent & loaded(code)
    assert not found


def test_every_name_of_a_package_is_where_it_is_said_to_be() -> None:
    """Packages whose names come late (PEP 562): a name that moved would be missed only where it is used."""
    code = (
        "import importlib\n"
        "for package in ('domain.models', 'services.executor', 'services.planner', 'services.journal',"
        " 'services.accounts', 'services.store'):\n"
        "    module = importlib.import_module(f'billtui.{package}')\n"
        "    for name in module.__all__:\n"
        "        assert getattr(module, name) is not None, name\n"
        "    assert set(module._NAMES) == set(module.__all__), package\n"
        "    try:\n"
        "        module.nothing_of_this_name\n"
        "    except AttributeError as error:\n"
        "        assert 'nothing_of_this_name' in str(error)\n"
        "    else:\n"
        "        raise AssertionError(package)\n"
    )
    assert "billtui.services.executor.executor" in loaded(code)
