"""``billtui login``, ``logout``, ``whoami``"""

from __future__ import annotations

from pydantic import SecretStr

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.opening import forget_frames
from billtui.cli.output import Output
from billtui.cli.problems import CliError
from billtui.cli.secrets import EnvironmentKeeper, ProfileSecrets, ask_line, ask_secret, can_ask, secret_line
from billtui.cli.shapes import amount
from billtui.client.errors import ClientError, SignInRefused, TotpRequired
from billtui.config.credentials import password_from_file
from billtui.config.paths import typed_path
from billtui.config.profiles import ProfileBook
from billtui.domain.models import Account
from billtui.services.panel_ways import panel_words
from billtui.services.session import NotSignedIn, Session, SignedIn

FEW_CODES = 3
"""Fewer recovery codes than this are worth a word."""
CODE_TRIES = 3
"""So often a code is asked for: a slip should not cost the password as well, and five failures lock (ACC-6)."""


async def login(context: Context) -> Exit:
    """Sign in and keep the token. The questions come before anything is sent, and only on a terminal."""
    options, out = context.options, context.out
    secrets = context.credentials
    if not isinstance(secrets, ProfileSecrets):
        raise CliError("usage", "login is for a profile; --url and --demo take their secret from elsewhere.")
    if options.password_stdin and options.password_file:
        raise CliError("usage", "--password-stdin and --password-file exclude each other.")
    profile = context.profile
    name = profile.login or _asked(profile.login, "Login: ")
    password = _password(context)
    totp = secret_line("Code of the second factor") if options.totp_stdin else None
    async with context.open() as session:
        done = await _sign_in(session, name, password, totp, out)
        kept = secrets.keep()
        if kept is None or kept.where == "memory":
            await session.sign_out()
            why = f" {kept.warning}" if kept is not None and kept.warning else ""
            raise CliError(
                "not-kept",
                f"The sign-in worked but cannot be kept for the next command, so it was ended.{why}",
                Exit.SIGN_IN,
                hint="Use a terminal (a passphrase is asked), password_command, or BILLTUI_TOKEN.",
            )
    if not profile.login:
        ProfileBook().add(profile.model_copy(update={"login": name}), replace=True)
    ProfileBook().use(profile.name)
    if kept.warning:
        out.note(kept.warning)
    left_codes = done.account.recovery_codes_left
    if left_codes is not None and left_codes < FEW_CODES:
        out.note(f"{left_codes} recovery codes are left: make new ones with billtui account second-factor (ACC-6).")
    if out.as_json:
        out.document("login", profile=profile.name, kept=kept.where, account=_account_json(done.account))
    else:
        out.line(f"Signed in as {done.account.login} (ID {done.account.account_id}); kept in: {kept.where}.")
    return Exit.DONE


async def _sign_in(session: Session, name: str, password: SecretStr, totp: SecretStr | None, out: Output) -> SignedIn:
    try:
        return await session.sign_in(name, password, totp)
    except TotpRequired as error:
        if totp is not None or not can_ask():
            raise CliError(
                "totp-required",
                str(error),
                Exit.SIGN_IN,
                rule="ACC-6",
                hint="Add --totp-stdin: the code is the next line of standard input.",
            ) from None
    for left in reversed(range(CODE_TRIES)):
        code = ask_secret("Code of the second factor, or a recovery code: ")
        if code is None:
            raise CliError("totp-required", "Without the code nobody is signed in.", Exit.SIGN_IN)
        try:
            return await session.sign_in(name, password, code)
        except SignInRefused as error:
            if error.code != "wrong-totp" or not left:
                raise
            out.note(error.fact)
    raise AssertionError("unreachable")


def _asked(known: str, question: str) -> str:
    answer = known or (ask_line(question) if can_ask() else "")
    if not answer:
        raise CliError(
            "no-login", "The profile names no login.", hint="billtui profile add NAME --replace --login LOGIN …"
        )
    return answer


def _password(context: Context) -> SecretStr:
    options = context.options
    if options.password_stdin:
        return secret_line("Password")
    if options.password_file:
        return password_from_file(typed_path(options.password_file)).secret
    handed = context.credentials.store.handed_in() if isinstance(context.credentials, ProfileSecrets) else None
    if handed is not None and handed.kind == "password":  # password_command, systemd, environment: in this order
        return handed.secret
    if context.environment.password is not None:
        return context.environment.password
    profile = context.profile
    secret = context.session_settings().driver().traits.secret
    question = f"{secret} of {profile.login or 'this login'} on {profile.host}: "
    typed = ask_secret(question) if can_ask() else None
    if typed is None:
        raise CliError(
            "no-password",
            "There is no password and no terminal to ask on; nothing was sent.",
            Exit.SIGN_IN,
            hint="Add --password-stdin or --password-file FILE.",
        )
    return typed


async def logout(context: Context) -> Exit:
    """End the session on the panel and forget the token here, whatever the panel says."""
    out = context.out
    if isinstance(context.credentials, EnvironmentKeeper):
        raise CliError("usage", "With --url nothing is kept that could be forgotten.")
    credential = context.credentials.load() if context.credentials is not None else None
    left: list[str] = []
    async with context.open() as session:
        if credential is not None and credential.kind == "token":
            try:
                await session.connect()
            except NotSignedIn:
                pass  # the panel has ended it already
            except ClientError as error:
                left.append(f"The panel was not told; the session lives there until it expires. {error}")
        left += [line for line in await session.sign_out() if line not in left]
        forget_frames(session.settings.data_dir, context.profile.name)
    for line in left:
        out.note(line)
    if out.as_json:
        out.document("logout", profile=context.profile.name, signed_out=credential is not None, left=left)
    else:
        out.line("Signed out." if credential is not None else "Nobody was signed in.")
    return Exit.DONE


def _account_json(account: Account) -> dict[str, object]:
    return {
        "panel_id": account.panel_id.raw,
        "panel": account.panel_name.raw,
        "account_id": account.account_id.raw,
        "login": account.login.raw,
        "email": account.email.raw,
        "role": account.role.raw,
        "currency": account.currency if account.purses else None,
        "balances": {"internal": amount(account.internal), "affiliate": amount(account.affiliate)},
    }


async def whoami(context: Context) -> Exit:
    """Who is signed in, where."""
    out = context.out
    async with context.signed_in() as (session, account):
        if out.as_json:
            out.document(
                "whoami",
                profile=context.profile.name,
                url=context.profile.url,
                read_only=session.read_only,
                account=_account_json(account),
            )
            return Exit.DONE
        out.facts(
            [
                ("Login", str(account.login)),
                ("Account ID", str(account.account_id)),
                ("Role", str(account.role)),
                ("Panel", panel_words(str(account.panel_name), context.profile.url)),
                ("Profile", f"{context.profile.name}{', read-only' if session.read_only else ''}"),
                *((name.capitalize(), str(held)) for name, held in account.purses.items()),
            ]
        )
    return Exit.DONE
