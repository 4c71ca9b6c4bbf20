"""ACC-2, rule by rule: what the ticks say is what the verdict says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.rules.accounts import password_refusal
from billtui.domain.rules.passwords import password_checks

LOGIN, EMAIL = "olena.marsh", "o.marsh@example.org"
PIECES = st.sampled_from([LOGIN, LOGIN.upper(), EMAIL, "old-password-1", "ｏｌｅｎａ.marsh", "x", "0123456789", ""])
PASSWORDS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=3).map("".join)


def met(new: str, repeated: str, *, old: str | None = "old-password-1") -> dict[str, bool | None]:
    """Every rule by its name."""
    return {one.name: one.met for one in password_checks(new, repeated, old=old, login=LOGIN, email=EMAIL)}


@given(new=PASSWORDS, repeated=PASSWORDS, same=st.booleans())
def test_acc_2_all_ticks_are_set_exactly_when_the_password_is_accepted(new: str, repeated: str, same: bool) -> None:
    """ACC-2."""
    repeated = new if same else repeated
    accepted = password_refusal("old-password-1", new, repeated, LOGIN, EMAIL) is None
    assert all(met(new, repeated).values()) is accepted


def test_acc_2_each_rule_by_itself() -> None:
    """ACC-2: one slip takes away one tick."""
    assert set(met("", "").values()) == {False}
    assert all(met("a-good-password", "a-good-password").values())
    for new, repeated, name in (
        ("123456789", "123456789", "length"),
        ("old-password-1", "old-password-1", "unlike-old"),
        ("my-OLENA.marsh-secret", "my-OLENA.marsh-secret", "without-login"),
        ("x-o.Marsh@example.org", "x-o.Marsh@example.org", "without-email"),
        ("a-good-password", "a-good-passwore", "repeated"),
    ):
        assert [rule for rule, good in met(new, repeated).items() if good is not True] == [name]


def test_acc_2_what_only_the_panel_knows_is_neither_met_nor_missed() -> None:
    """ACC-3: whoever forgot the password cannot compare with it."""
    checks = password_checks("a-good-password", "a-good-password", old=None, login=None, email=EMAIL)
    assert {one.name for one in checks if one.met is None} == {"unlike-old", "without-login"}
