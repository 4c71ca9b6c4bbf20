"""Lists straight from the copy (P-START-3): byte for byte as through a session, and nothing of a session is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from billtui.cli import straight
from billtui.config.errors import ProfileError
from billtui.config.paths import config_dir, data_dir, state_dir
from billtui.config.plain_profiles import CHECKS, plain_profile
from billtui.config.profiles import Profile, ProfileBook, make_profile
from tests.support.command_line import PASSWORD, Cli, Result, environment, process
from tests.support.gateway_stub import KEY, LOGIN, GatewayStub

STAFF = "sam.desk"
HEAVY = {"pydantic", "pydantic_core", "asyncio", "httpx", "h11", "textual", "rich", "dataclasses", "inspect", "logging"}
LISTS = {
    "orders": [
        (), ("--state", "active"), ("--state", "blocked", "--state", "suspended"), ("--location", "nl"),
        ("--plan", "vds-micro", "--reverse"), ("--expires-within", "3"), ("--query", "WEB nl"), ("--query", "é"),
        ("--limit", "2"), ("--state", "none of them"), ("--skip-unknown",),
        *(("--sort", key, *more) for key in ("ends", "name", "price", "state", "location", "plan", "id")
          for more in ((), ("--reverse",))),
    ],
    "invoices": [
        (), ("--state", "paid", "--limit", "3"), ("--query", "RENEWAL"), ("--reverse",),
        *(("--sort", key, *more) for key in ("number", "issued", "due", "total", "state")
          for more in ((), ("--reverse",))),
    ],
    "transfers": [
        (), ("--open",), ("--direction", "in"), ("--direction", "out", "--limit", "1"), ("--state", "completed"),
    ],
    "tickets": [
        (), ("--unread",), ("--state", "on-hold", "--state", "closed"), ("--department", "technical"),
        ("--priority", "high"), ("--mine",), ("--unassigned",), ("--client", "olena.marsh"), ("--tag", "vip"),
        ("--query", "disk"), ("--limit", "2"), ("--read-only",),
    ],
}  # fmt: skip
ELSEWHERE = (
    ("orders", "list", "--where", "loc:nl"),
    ("orders", "list", "--select", "mine"),
    ("orders", "list", "--from", "nothing-of-this-name.txt"),
    ("tickets", "list", "--search", "disk"),
    ("tickets", "list", "--order", "id:1"),
    ("search", "web"),
)


class Ways:
    """Both ways to one list."""

    def __init__(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cli = cli
        self.answered: list[bool] = []
        self._monkeypatch = monkeypatch

    def profile(self) -> None:
        """There is one, with a whole copy."""
        profile(self.cli, self._monkeypatch)

    def straight(self, *words: str, **options: str) -> Result:
        """As a person calls it; whether it went straight is in ``answered``."""
        real = straight.answer

        def noted(*arguments: object) -> object:
            found = real(*arguments)  # type: ignore[arg-type]  # handed on as it came
            self.answered.append(found is not None)
            return found

        return self._with(noted, *words, **options)

    def session(self, *words: str, **options: str) -> Result:
        """The same through a session."""
        return self._with(lambda *_: None, *words, **options)

    def _with(self, answer: Callable[..., object], *words: str, **options: str) -> Result:
        with self._monkeypatch.context() as patch:
            patch.setattr(straight, "answer", answer)
            if options.get("profile"):
                return self.cli.plain("--profile", options["profile"], *words, "--offline", "--json")
            return self.cli(*words, "--offline", "--json", **options)


@pytest.fixture
def ways(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Ways:
    return Ways(cli, monkeypatch)


def profile(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of the panel, with a whole copy."""
    ProfileBook().add(make_profile(name="main", url=cli.sandbox.url + "/", login=cli.login))
    monkeypatch.setenv("BILLTUI_PASSWORD", PASSWORD)
    assert cli.plain("--profile", "main", "orders", "list", "--limit", "1").code == 0


@pytest.mark.parametrize("kind", LISTS)
def test_every_filter_and_order_is_the_same_byte_for_byte(ways: Ways, kind: str) -> None:
    ways.profile()
    ways.cli.plain("--profile", "main", "orders", "tag", "add", "keep,vip", "id:1", "--offline")
    sizes = set()
    for filters in LISTS[kind]:
        here = ways.straight(kind, "list", *filters, profile="main")
        there = ways.session(kind, "list", *filters, profile="main")
        assert here == there, filters
        assert here.code == 0, here
        sizes.add(here.json["total"])
    assert ways.answered == [True] * len(LISTS[kind])
    assert len(sizes) > 1, "some filter chose something else than all"


@pytest.mark.parametrize("login", ["olena.marsh", STAFF])
def test_a_panel_without_a_profile_too(ways: Ways, login: str) -> None:
    assert ways.cli("tickets", "list", login=login).code == 0
    for kind, filters in (("orders", ()), ("tickets", ()), ("tickets", ("--mine",)), ("tickets", ("--unread",))):
        here = ways.straight(kind, "list", *filters, login=login)
        assert here == ways.session(kind, "list", *filters, login=login), filters
        assert here.code == 0, here
    assert all(ways.answered)


def test_hostile_names_are_the_same_too(own_cli: Callable[..., Cli], monkeypatch: pytest.MonkeyPatch) -> None:
    ways = Ways(own_cli(fleet=20, hostile=True), monkeypatch)
    ways.profile()
    for kind in LISTS:
        assert ways.straight(kind, "list", profile="main") == ways.session(kind, "list", profile="main")
    assert all(ways.answered)


@pytest.mark.parametrize("words", ELSEWHERE, ids=" ".join)
def test_what_needs_more_than_rows_is_left_to_the_session(ways: Ways, words: tuple[str, ...]) -> None:
    ways.cli("orders", "list", "--limit", "1")
    assert ways.straight(*words) == ways.session(*words)
    assert ways.answered == [False]


def test_text_is_the_sessions(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    ways.cli("orders", "list", "--limit", "1")
    monkeypatch.setattr(straight, "answer", lambda *_: pytest.fail("it was asked"))
    assert ways.cli("orders", "list", "--offline").out.strip()


def loose_book() -> None:
    (config_dir() / "profiles.toml").chmod(0o644)


def loose_config() -> None:
    config_dir().chmod(0o755)


def linked_book() -> None:
    book = config_dir() / "profiles.toml"
    book.rename(book.with_name("elsewhere.toml"))
    book.symlink_to("elsewhere.toml")


def loose_stores() -> None:
    (data_dir() / "stores").chmod(0o755)


def loose_copy() -> None:
    copy_file().chmod(0o644)


def damaged_copy() -> None:
    copy_file().write_bytes(b"SQLite format 3\0" + b"\x17" * 4096)


def damaged_block() -> None:
    change_copy("UPDATE order_chunks SET crc = crc + 1")


def other_version() -> None:
    change_copy("PRAGMA user_version = 1")


def nobody_known() -> None:
    (data_dir() / "accounts.json").unlink()


def no_toml() -> None:
    change_book("[profiles", "[[profiles")


def broken_url() -> None:
    change_book("http://", "ftp://")


def unknown_kind() -> None:
    change_book("login =", 'kind = "elsewhere"\nlogin =')


def too_high() -> None:
    change_book("login =", "confirm_items = 100000\nlogin =")


def change_book(old: str, new: str) -> None:
    book = config_dir() / "profiles.toml"
    before = book.read_text()
    assert old in before
    book.write_text(before.replace(old, new))


def copy_file() -> Path:
    [path] = (data_dir() / "stores").glob("*.db")
    return path


def change_copy(sql: str) -> None:
    import sqlite3

    connection = sqlite3.connect(copy_file(), isolation_level=None)
    connection.execute(sql)
    connection.close()


REFUSED = (
    loose_book, loose_config, linked_book, loose_stores, nobody_known, no_toml, broken_url, unknown_kind, too_high,
)  # fmt: skip
REPAIRED = (loose_copy, damaged_copy, damaged_block, other_version)


@pytest.mark.parametrize("harm", [*REFUSED, *REPAIRED], ids=lambda harm: harm.__name__)
def test_what_is_not_plainly_right_is_refused_or_repaired_as_ever(ways: Ways, harm: Callable[[], None]) -> None:
    ways.profile()
    harm()
    here = ways.straight("orders", "list", profile="main")
    assert ways.answered == [False]
    if harm in REFUSED:
        assert here.code != 0
        assert here.error["detail"]
    else:
        assert ways.session("orders", "list", profile="main").code in (0, 4), "repaired, or set aside"
    if harm is loose_copy:
        assert copy_file().stat().st_mode & 0o777 == 0o600


def test_nothing_of_a_session_is_loaded(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """P-START-3: counts that no machine changes, where a time would be one of the hour."""
    profile(cli, monkeypatch)
    code = (
        "import sys; from billtui.cli import main; code = main(sys.argv[1:]);"
        " sys.stderr.write('LOADED ' + ' '.join(sys.modules)); sys.exit(code)"
    )
    for kind in LISTS:
        done = subprocess.run(
            [sys.executable, "-c", code, kind, "list", "--offline", "--json"],
            capture_output=True, text=True, timeout=60, check=True, env=environment(BILLTUI_PASSWORD="x"),
        )  # fmt: skip
        loaded = set(done.stderr.rpartition("LOADED ")[2].split())
        assert '"kind": "' + kind in done.stdout
        assert not HEAVY & loaded, kind
        assert "billtui.services.session" not in loaded


def test_secrets_of_the_environment_are_taken_out(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere: while a slow reader takes the list, nobody else reads the password in the list of processes."""
    profile(cli, monkeypatch)
    code = (
        "import os, sys; from billtui.cli import main; main(sys.argv[1:]);"
        " sys.stderr.write(str('BILLTUI_PASSWORD' in os.environ) + open('/proc/self/environ').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "orders", "list", "--offline", "--json"],
        capture_output=True, text=True, timeout=60, check=True, env=environment(BILLTUI_PASSWORD="not-for-all"),
    )  # fmt: skip
    assert done.stderr.startswith("False")
    assert "not-for-all" not in done.stderr


PLAIN = {
    "login": "anna.holt", "kind": "fossbilling", "panel_options": {"currency": "EUR"},
    "read_only": True, "demo": False, "accent": "#2e8b57",
    "ca_file": "/etc/panel.pem", "fingerprint": "AB:" * 31 + "AB", "proxy": "http://proxy.example:3128",
    "confirm_items": 20, "password_command": ["pass", "show", "panel"], "secret_kind": "token",
}  # fmt: skip
NOT_PLAIN = {
    "url": ("", "panel.example", "http://panel.example", "https://a@panel.example", "https://panel.example/?x", 3),
    "login": (" a", "a\nb", "x" * 201, 5), "kind": ("other",),
    "panel_options": ("x", {"A": "b"}, {"a": 1}, {"a": "b\n"}),
    "read_only": (1, "yes"), "demo": (0,),
    "accent": ("#12", True), "ca_file": ("panel.pem",), "fingerprint": ("ab",), "proxy": ("http://p.example/path",),
    "confirm_limit": (-1, 1_000_001, 0.5), "confirm_items": (0, 1_001, True, "5"),
    "password_command": ("pass", [" "], [1]), "secret_kind": ("key",),
}  # fmt: skip
URL = "https://Panel.example:443/billing/"


def test_a_plain_profile_is_one_that_the_model_takes_too() -> None:
    book = ProfileBook()
    book.add(make_profile(name="main", url=URL, confirm_limit="12.50", **PLAIN))
    found = plain_profile("main")
    assert found is not None
    model = book.get("main")
    assert (found.name, found.url, found.login) == (model.name, model.url, model.login)
    assert CHECKS.keys() <= Profile.model_fields.keys()
    assert PLAIN.keys() | {"url", "confirm_limit"} == CHECKS.keys(), "each check is looked at here"


@pytest.mark.parametrize(("field", "value"), [(field, one) for field, some in NOT_PLAIN.items() for one in some])
def test_what_the_model_refuses_is_not_plain(field: str, value: object) -> None:
    with pytest.raises(ValueError):
        CHECKS[field](value)
    if not isinstance(value, float):  # of TOML comes Decimal, never a float
        with pytest.raises(ProfileError):
            make_profile(**{"name": "main", "url": URL, field: value})


def test_which_profile_is_meant_is_the_same(cli: Cli) -> None:
    book = ProfileBook()
    assert plain_profile() is None
    book.add(make_profile(name="one", url=cli.sandbox.url, login="anna.holt"))
    only = plain_profile()
    assert only is not None
    assert only.name == "one"
    book.add(make_profile(name="two", url=cli.sandbox.url, login="anna.holt"))
    assert plain_profile() is None, "which one is for the book to ask"
    book.use("two")
    last = plain_profile()
    assert last is not None
    assert last.name == "two"
    assert plain_profile("three") is None
    assert not (state_dir() / "tags").exists()


def test_a_list_that_the_kind_of_panel_lacks_is_no_empty_list() -> None:
    """What a panel does not list is refused offline, too; an empty list would say that nothing is owed."""
    with GatewayStub() as gateway:
        made = process("profile", "add", "gate", "--url", gateway.url, "--login", LOGIN, "--json")
        assert made.json["profile"]["kind"] == "rootpanel"
        known = {"BILLTUI_TOKEN": KEY}
        assert len(process("orders", "list", "--profile", "gate", "--json", variables=known).json["items"]) == 3
        offline = process("orders", "list", "--profile", "gate", "--offline", "--json")
        assert len(offline.json["items"]) == 3
        for more in (["--offline"], []):
            refused = process("invoices", "list", "--profile", "gate", *more, "--json", variables=known)
            assert (refused.code, refused.error["code"]) == (5, "capability-missing"), more
            assert "billing.php" in refused.error["detail"]
        for verb in (["tickets", "list"], ["transfers", "list"], ["balance", "ledger"], ["orders", "rename", "1", "x"],
                     ["invoices", "pay", "1", "--method", "internal"]):  # fmt: skip
            refused = process(*verb, "--profile", "gate", "--json", variables=known)
            assert (refused.code, refused.error["code"]) == (5, "capability-missing"), verb
