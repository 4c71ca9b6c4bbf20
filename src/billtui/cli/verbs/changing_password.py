"""``billtui password change``"""

from __future__ import annotations

from pydantic import SecretStr

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_secret, can_ask, secret_line
from billtui.cli.verbs.account_care import caring
from billtui.domain.models import Account
from billtui.domain.rules.passwords import password_checks
from billtui.services.account_care import DEMO_PASSWORD_CHANGED

SAID = "The password is changed. Every other session is signed out; API keys still work."
BEFORE = "Every other session is signed out by it; this one and API keys stay valid (ACC-2)."


async def change(context: Context) -> Exit:
    """Ask for the present one and twice for the new one, or read both; one call."""
    out = context.out
    async with caring(context, "account.password") as (session, account):
        current, new = _from_stdin() if context.options.password_stdin else _asked(context, account)
        _check(account, current, new)
        stale = await session.care.change_password(current, new)
    if stale:
        out.note(DEMO_PASSWORD_CHANGED if context.profile.demo else stale)
    if out.as_json:
        out.document("password", changed=True)
    else:
        out.line(SAID)
    return Exit.DONE


def _from_stdin() -> tuple[SecretStr, SecretStr]:
    return secret_line("Your password now"), secret_line("The new password")


def _asked(context: Context, account: Account) -> tuple[SecretStr, SecretStr]:
    if not can_ask():
        raise CliError(
            "no-password",
            "There is no terminal to ask on; nothing was sent.",
            Exit.SIGN_IN,
            hint="Add --password-stdin: the present password and the new one, a line each.",
        )
    context.out.note(BEFORE)
    rules = password_checks("", "", old="", login=account.login.raw, email=account.email.raw)
    context.out.note("The new one: " + "; ".join(rule.words for rule in rules) + ".")
    current = ask_secret("Your password now: ")
    new = ask_secret("The new password: ") if current is not None else None
    again = ask_secret("The new password once more: ") if new is not None else None
    if current is None or new is None or again is None:
        raise CliError("no-password", "Nothing was typed; nothing was sent.", Exit.SIGN_IN)
    if new.get_secret_value() != again.get_secret_value():
        raise CliError("password-repeat", "The two entries of the new password differ; nothing was sent.", rule="ACC-2")
    return current, new


def _check(account: Account, current: SecretStr, new: SecretStr) -> None:
    """ACC-2 before anything is sent; the message never repeats what was typed."""
    typed = new.get_secret_value()
    checks = password_checks(
        typed, typed, old=current.get_secret_value(), login=account.login.raw, email=account.email.raw
    )
    unmet = [check.words for check in checks if check.met is False]
    if unmet:
        raise CliError(
            "password-weak", f"The new password is not good yet: {'; '.join(unmet)}. Nothing was sent.", rule="ACC-2"
        )
