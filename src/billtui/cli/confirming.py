"""Who may go on without being asked, and how a person is asked (RELIABILITY "Money": above a limit it is typed)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billtui.cli.money_text import typed_money
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_line, can_ask
from billtui.cli.shapes import count
from billtui.config.profiles import Profile
from billtui.config.settings import Settings
from billtui.domain.money import Money, parse_amount


@dataclass(frozen=True, slots=True)
class Limit:
    """Up to this total and this many steps ``--yes`` alone is enough, and a yes need not be typed out."""

    total: Decimal
    steps: int

    @classmethod
    def of(cls, profile: Profile, settings: Settings) -> Limit:
        """The profile's own limit, else the program's."""
        total = settings.confirm_limit if profile.confirm_limit is None else profile.confirm_limit
        return cls(total, settings.confirm_items if profile.confirm_items is None else profile.confirm_items)

    def exceeded(self, total: Money, steps: int) -> bool:
        """Whether this is above it."""
        return total.amount > self.total or steps > self.steps


def check_unasked(total: Money, steps: int, limit: Limit, max_total: str | None) -> None:
    """``--yes``: raises CliError (exit 2) where the total is above what was allowed."""
    if max_total is not None:
        most = typed_money(max_total, total.currency, "--max-total")
        if total > most:
            raise CliError(
                "max-total-exceeded",
                f"The total is {total}, more than --max-total {most}; nothing was sent.",
                hint="Look at the plan with --dry-run.",
            )
    elif limit.exceeded(total, steps):
        raise CliError(
            "max-total-needed",
            f"This is {total} in {count(steps, 'step')}, above the limit of {limit.total} {total.currency} "
            f"or {limit.steps} steps that --yes alone covers; nothing was sent.",
            hint=f"Add --max-total {total.amount:.2f}{total.currency} if that is right.",
        )


def ask(total: Money, steps: int, limit: Limit, max_total: str | None) -> None:
    """Ask on the terminal; raises CliError unless the answer is yes, or, above the limit, the total itself."""
    if max_total is not None:
        check_unasked(total, steps, limit, max_total)
    if not can_ask():
        more = f" and --max-total {total.amount:.2f}{total.currency}" if limit.exceeded(total, steps) else ""
        raise CliError(
            "not-confirmed",
            "There is no terminal to ask on; nothing was sent.",
            hint=f"Add --yes{more}, or --dry-run to look, or --plan-out FILE to confirm it elsewhere.",
        )
    if limit.exceeded(total, steps):
        answer = ask_line(f"This is above the limit. Type the total to go on ({total.currency}), or nothing to stop: ")
        try:
            agreed = parse_amount(answer.upper().replace(total.currency, "")) == total.amount
        except ValueError:
            agreed = False
    else:
        much = f", {total} in all" if total.amount else ""
        agreed = ask_line(f"Do it{much}? [y/N] ").lower() in ("y", "yes")
    if not agreed:
        raise CliError("not-confirmed", "Not confirmed; nothing was sent.")


def ask_recipient(recipient: str, steps: int) -> None:
    """Orders change hands: the recipient's login is typed once more. Raises CliError unless it is the same."""
    if not can_ask():
        raise CliError(
            "not-confirmed",
            "There is no terminal to ask on; nothing was sent.",
            hint="Add --yes, or --dry-run to look, or --plan-out FILE to confirm it elsewhere.",
        )
    servers = "1 server" if steps == 1 else f"{steps} servers"
    typed = ask_line(f"Type the login of the recipient to push {servers} there, or nothing to stop: ")
    if typed != recipient:
        why = "That is another login than the one given before" if typed else "Not confirmed"
        raise CliError("not-confirmed", f"{why}; nothing was sent.")


def confirm(
    total: Money, steps: int, limit: Limit, *, yes: bool, max_total: str | None, recipient: str | None = None
) -> None:
    """Return only if this may be sent; ``recipient`` is the login that gets orders. Raises CliError (exit 2)."""
    if yes:
        check_unasked(total, steps, limit, max_total)
    elif recipient is not None:
        ask_recipient(recipient, steps)
    else:
        ask(total, steps, limit, max_total)
