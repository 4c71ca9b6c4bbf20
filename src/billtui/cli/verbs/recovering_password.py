"""``billtui password recover``"""

from __future__ import annotations

from pydantic import SecretStr

from billtui.cli.context import Context
from billtui.cli.exits import Exit, exit_of_refusal
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_line, ask_secret, can_ask, secret_line
from billtui.client.errors import ClientError, InvalidInput, OutcomeUnknown, RuleRefused
from billtui.domain.rules.passwords import password_checks
from billtui.services.recovery import NEUTRAL, NOT_KNOWN, explain
from billtui.services.session import Session

DONE = "The new password is set. Every session was signed out; API keys and the second factor are as they were."


async def recover(context: Context) -> Exit:
    """Ask for the mail, or set the new password with its code; on a terminal one after the other."""
    options, out = context.options, context.out
    if options.email and options.code_stdin:
        raise CliError("usage", "--email and --code-stdin are two steps: the mail first, its code in another run.")
    if options.code_stdin:
        code, new = secret_line("Code from the mail"), secret_line("New password")
        _check(context, new, None)
        async with context.open() as session:
            return await _set(context, session, code, new)
    if not options.email and (out.as_json or not can_ask()):
        raise CliError("usage", "Whose password?", hint="Add --email ADDRESS; then --code-stdin with the mail's code.")
    email = options.email or ask_line("Primary e-mail of the account (empty: I have a code already): ")
    async with context.open() as session:
        if email:
            _check_email(email)
            await session.recovery.ask(email)
            if out.as_json or not can_ask():
                return _asked(context)
            out.note(NEUTRAL)
        code, new = _typed(context, email or None)
        return await _set(context, session, code, new)


def _check_email(email: str) -> None:
    name, _, host = email.strip().rpartition("@")
    if not name or not host or " " in email.strip():
        raise CliError("usage", "That is no e-mail address; the login is none. Nothing was sent.")


def _asked(context: Context) -> Exit:
    out = context.out
    step = "billtui password recover --code-stdin"
    if out.as_json:
        out.document("recovery-asked", detail=NEUTRAL, next=step)
    else:
        out.line(NEUTRAL)
        out.note(f"Next, with code and new password as two lines of standard input: {step}")
    return Exit.DONE


def _typed(context: Context, email: str | None) -> tuple[SecretStr, SecretStr]:
    code = ask_secret("Code from the mail, or its link (empty: later): ")
    if code is None:
        raise CliError(
            "no-code", "Nothing was set.", Exit.SIGN_IN, hint="Run it again without --email once the mail is there."
        )
    login = context.profile.login or None
    rules = password_checks("", "", old=None, login=login, email=email)
    context.out.note("The new password: " + "; ".join(rule.words for rule in rules) + " (ACC-2).")
    new = ask_secret("New password: ")
    again = ask_secret("The same once more: ") if new is not None else None
    if new is None or again is None:
        raise CliError("no-password", "Nothing was typed; nothing was set.", Exit.SIGN_IN)
    if new.get_secret_value() != again.get_secret_value():
        raise CliError("password-repeat", "The two entries differ; nothing was sent.", rule="ACC-2")
    _check(context, new, email)
    return code, new


def _check(context: Context, new: SecretStr, email: str | None) -> None:
    """ACC-2 as far as it can be known here; the message never repeats what was typed."""
    typed = new.get_secret_value()
    checks = password_checks(typed, typed, old=None, login=context.profile.login or None, email=email)
    if unmet := [check.words for check in checks if check.met is False]:
        words = f"The new password is not good yet: {'; '.join(unmet)}. Nothing was sent."
        raise CliError("password-weak", words, rule="ACC-2")


async def _set(context: Context, session: Session, code: SecretStr, new: SecretStr) -> Exit:
    out = context.out
    try:
        await session.recovery.confirm(code, new)
    except OutcomeUnknown as error:
        raise CliError(error.code, NOT_KNOWN, Exit.UNKNOWN, hint="billtui login") from None
    except (RuleRefused, InvalidInput) as error:
        raise _refused(error) from None
    if out.as_json:
        out.document("password-recovered", changed=True, next="billtui login")
    else:
        out.line(DONE)
        out.note("Next: billtui login")
    return Exit.DONE


def _refused(error: ClientError) -> CliError:
    code = Exit.USAGE if isinstance(error, InvalidInput) else exit_of_refusal(error.code)
    return CliError(error.code, explain(error), code, rule=error.rule or "ACC-3")
