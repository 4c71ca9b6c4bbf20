"""Profiles: addresses, names, and a file that people and program both write."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.config.errors import ConfigError, ProfileError, UnsafePath
from billtui.config.kinds import kind_of_address
from billtui.config.paths import write_private
from billtui.config.profile_rules import check_name, check_proxy, check_url
from billtui.config.profiles import ProfileBook, make_profile


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("https://panel.example.com", "https://panel.example.com"),
        ("HTTPS://Panel.Example.com:443/", "https://panel.example.com"),
        (" https://panel.example.com/billing/v2// ".replace("//  ", "/"), "https://panel.example.com/billing/v2"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/billing/api/v1/", "http://127.0.0.1:8080/billing"),
        ("http://127.9.9.9/x", "http://127.9.9.9/x"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:9000/", "http://[::1]:9000"),
        ("https://[2001:db8::5]:444", "https://[2001:db8::5]:444"),
        ("https://xn--e1aybc.example/~me", "https://xn--e1aybc.example/~me"),
    ],
)
def test_good_addresses(text: str, plain: str) -> None:
    assert check_url(text) == plain
    assert check_url(plain) == plain


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"),
        ("panel.example.com", "begins with https://, for example https://panel.example.com"),
        ("http://panel.example.com", "this machine only"),
        ("http://127.0.0.1.example.com", "this machine only"),
        ("http://localhost.example.com", "this machine only"),
        ("http://2130706433", "this machine only"),
        ("ftp://panel.example.com", "begins with https://, not ftp://"),
        ("javascript://panel.example.com", "begins with https://"),
        ("https://user:secret@panel.example.com", "must not hold a login or password"),
        ("https://@panel.example.com", "must not hold a login"),
        ("https://panel.example.com?x=1", r"leave out \? and #"),
        ("https://panel.example.com/#top", r"leave out \? and #"),
        ("https://panel.example.com:99999", "broken host or port"),
        ("https://panel.example.com:0", "no usable host"),
        ("https://", "no usable host"),
        ("https://-x.example", "no usable host"),
        ("https://a..b", "no usable host"),
        ("https://[::1", "broken host or port"),
        ("https://pan\u0435l.example.com", "xn--"),
        ("https://panel.example.com/\x1b[2J", "control character"),
        ("https://panel.example.com/a\nb", "control character"),
        ("https://panel.example.com\\@evil.example", "no usable host|control character"),
        ("https://panel.example.com/a/../b", r"// or \.\."),
        ("https://panel.example.com/%2e%2E/b", r"// or \.\."),
        ("https://panel.example.com/a//b", r"// or \.\."),
        ("https://" + "a" * 600, "longer than 500"),
    ],
)
def test_bad_addresses_say_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(ProfileError, match=reason) as error:
        check_url(text)
    assert "secret" not in str(error.value) and "\x1b" not in str(error.value)


def test_proxies() -> None:
    assert check_proxy("http://proxy.example.com:3128/") == "http://proxy.example.com:3128"
    for bad in ("http://u:p@proxy.example.com", "socks5://proxy.example.com", "http://proxy.example.com/path"):
        with pytest.raises(ProfileError, match="proxy"):
            check_proxy(bad)


@pytest.mark.parametrize("name", ["", "Main", "a b", "../x", "-x", "a" * 33, "ма", "x\n", "a.b", "a/b", "\x1b"])
def test_hostile_names_are_refused(name: str) -> None:
    with pytest.raises(ProfileError, match="1 to 32 of"):
        check_name(name)


def test_every_wrong_value_is_named_once_and_no_value_is_repeated() -> None:
    with pytest.raises(ProfileError) as error:
        make_profile(
            name="x", url="https://u:hunter2@h", kind="other", login="a\x07", accent="no colour", ca_file="rel.pem",
            fingerprint="zz", proxy="ftp://p", confirm_limit=Decimal("1.001"), confirm_items=0, password_command=["\0"],
        )  # fmt: skip
    lines = str(error.value).splitlines()
    assert len(lines) == 10
    assert "hunter2" not in str(error.value)


def test_fingerprints_take_colons_and_a_prefix() -> None:
    digits = "ab" * 32
    spelled = "SHA256:" + ":".join(["AB"] * 32)
    assert make_profile(name="x", url="https://h.example", fingerprint=spelled).fingerprint == digits


def test_add_list_use_remove() -> None:
    book = ProfileBook()
    assert book.load().profiles == {}
    main = make_profile(
        name="main", url="https://p.example", login="ann", confirm_limit=Decimal("50.50"), read_only=True
    )
    demo = make_profile(name="demo", url="http://127.0.0.1:4000", demo=True, password_command=["pass", 'a "b" \\ c'])
    book.add(main)
    book.add(demo)
    assert book.load() == ({"main": main, "demo": demo}, None, [])
    with pytest.raises(ProfileError, match="already"):
        book.add(main)
    assert book.use("demo") == demo
    assert book.load().last_used == "demo"
    book.remove("demo")
    assert book.load() == ({"main": main}, None, [])
    with pytest.raises(ProfileError, match="Profiles: main"):
        book.get("demo")
    with pytest.raises(ProfileError, match="no profile 'demo'"):
        book.remove("demo")
    book.remove("main")
    with pytest.raises(ProfileError, match="billtui profile add"):
        book.get("main")


def test_hand_written_parts_survive_and_one_broken_profile_hides_no_other() -> None:
    book = ProfileBook()
    text = (
        "# my panels\nlast_used = 'gone'\nextra = 1\n\n[profiles.good]\n# the good one\nurl = 'https://p.example'\n"
        "tint = 'x'\n\n[profiles.bad]\nurl = 'http://p.example'\n\n[profiles.'b c']\nurl = 'https://p.example'\n"
    )
    write_private(book.path, text.encode())
    loaded = book.load()
    assert list(loaded.profiles) == ["good"] and loaded.last_used is None
    assert len(loaded.problems) == 3
    assert "line 10: profile 'bad'" in loaded.problems[1]
    with pytest.raises(ProfileError, match="this machine only"):
        book.get("bad")
    book.use("good")
    book.add(make_profile(name="good", url="https://q.example", login="bo"), replace=True)
    after = book.path.read_text()
    assert "# my panels" in after and "# the good one" in after and "tint = 'x'" in after and "extra = 1" in after
    assert "[profiles.'b c']" in after
    assert book.get("good").url == "https://q.example"
    assert book.load().last_used == "good"


def test_a_file_that_others_could_change_is_refused() -> None:
    book = ProfileBook()
    book.add(make_profile(name="main", url="https://p.example"))
    book.path.chmod(0o666)
    with pytest.raises(UnsafePath, match="chmod 600"):
        book.load()


def test_profiles_that_are_no_table() -> None:
    book = ProfileBook()
    write_private(book.path, b"profiles = 3\n")
    with pytest.raises(ConfigError, match="written as"):
        book.load()


def test_the_kind_of_panel_and_its_options_are_kept() -> None:
    book = ProfileBook()
    options = {"renewal": "invoice", "orders_key": 'a "b" = c'}
    gateway = make_profile(
        name="gate", url="https://p.example/my/apih.php", kind="rootpanel", panel_options=options, accent="teal"
    )
    book.add(gateway)
    book.add(make_profile(name="main", url="https://p.example"))
    assert book.get("gate") == gateway
    assert "kind" not in book.path.read_text().partition("[profiles.main]")[2]
    write_private(book.path, (book.path.read_text() + "\n[profiles.main.panel_options]\nx = 5\n").encode())
    assert "panel_options.x" in book.load().problems[0]
    book.add(gateway.model_copy(update={"panel_options": {}}), replace=True)
    assert book.get("gate").panel_options == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [({"A b": "x"}, "no option's name"), ({"a": "x\ny"}, "one line"), ({"a": "x" * 501}, "one line"),
     ({f"o{number}": "" for number in range(101)}, "more than 100")],
)  # fmt: skip
def test_options_that_cannot_stand_are_refused(options: dict[str, str], said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        make_profile(name="x", url="https://p.example", panel_options=options)


def test_kinds_by_the_end_of_an_address() -> None:
    assert kind_of_address("https://p.example/my/apih.php/") == "rootpanel"
    assert kind_of_address("https://p.example:1500/BILLMGR") == "billmanager"
    assert kind_of_address("https://p.example/billmgr.html") == kind_of_address("http://[") == "billing_v1"
