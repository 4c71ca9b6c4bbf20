"""The ticks of a new password's rules (ACC-2)."""

from __future__ import annotations

from textual.app import App, ComposeResult

from billtui.widgets.password_rules import PasswordRules


class Shown(App[None]):
    """The widget alone."""

    def compose(self) -> ComposeResult:
        yield PasswordRules(login="olena.marsh", email="o.marsh@example.org")


def lines(rules: PasswordRules) -> list[str]:
    """What stands there."""
    return str(rules.render()).splitlines()


async def test_rules_are_ticked_off_in_signs_and_words() -> None:
    async with Shown().run_test() as pilot:
        rules = pilot.app.query_one(PasswordRules)
        assert [line[:3] for line in lines(rules)] == ["[ ]"] * 5
        assert rules.missing
        rules.judge("a-good-password", "a-good", old="x")
        assert [line[:3] for line in lines(rules)] == ["[✓]"] * 4 + ["[ ]"]
        assert "the same typed twice" in rules.missing
        rules.judge("a-good-password", "a-good-password", old="x")
        assert rules.met
        assert rules.missing == ""
        rules.judge("a-good-password", "a-good-password", old=None)
        assert rules.met, "what only the panel can tell does not stand against sending it"
        assert any(line.startswith("[?]") and "the panel checks it" in line for line in lines(rules))
        assert not any("a-good-password" in repr(value) for value in vars(rules).values())
