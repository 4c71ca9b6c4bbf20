"""``billtui account sessions|revoke|keys|key-new|key-revoke|api-access|second-factor``: single calls, never repeated"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from pydantic import SecretStr

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column, Output
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_line, ask_secret, can_ask, secret_line
from billtui.cli.shapes import when
from billtui.config.paths import typed_path, write_new
from billtui.domain.models import Account, ApiKey, ApiKeyRequest, RecoveryCodes, SessionInfo
from billtui.domain.totp_address import in_groups, shorter
from billtui.services.account_care import session_needed
from billtui.services.api_key_text import parse_expiry, parse_networks
from billtui.services.session import ReadOnlySession, Session


@contextlib.asynccontextmanager
async def caring(
    context: Context, capability: str = "", *, writes: bool = True
) -> AsyncIterator[tuple[Session, Account]]:
    """A session that may touch what guards the account; every reason why not comes before anything is asked (ACC-5)."""
    async with context.signed_in() as (session, account):
        if writes and session.read_only:
            raise ReadOnlySession("This profile is read-only; nothing is changed through it.")
        if reason := session_needed(account):
            raise CliError("session-needed", reason, Exit.SIGN_IN, rule="ACC-5")
        if capability and (reason := session.unavailable(capability)):
            raise CliError("capability-missing", reason, Exit.REFUSED)
        yield session, account


def _password(context: Context, question: str = "Your password: ") -> SecretStr:
    """The present password: the next line of standard input, or asked for."""
    if context.options.password_stdin:
        return secret_line("Secret")
    return _asked(question, "the password is the first line of standard input")


def _asked(question: str, what: str) -> SecretStr:
    if not can_ask():
        raise CliError(
            "no-password", "There is no terminal to ask on; nothing was sent.", Exit.SIGN_IN,
            hint=f"Add --password-stdin: {what}.",
        )  # fmt: skip
    typed = ask_secret(question)
    if typed is None:
        raise CliError("no-password", "Nothing was typed; nothing was sent.", Exit.SIGN_IN)
    return typed


# -- sessions


async def sessions(context: Context) -> Exit:
    """Who is signed in, where."""
    async with caring(context, writes=False) as (session, _account):
        found = await session.care.sessions()
    if context.out.as_json:
        context.out.document("sessions", items=found)
    else:
        show_sessions(context.out, found)
    return Exit.DONE


def show_sessions(out: Output, found: Sequence[SessionInfo]) -> None:
    """Sessions as a table."""
    columns = (Column("session"), Column("since"), Column("last used"), Column("from"), Column("with", cut=True))
    rows = (
        [
            f"{one.id}{' (this one)' if one.current else ''}",
            when(one.created_at),
            when(one.last_used_at),
            str(one.address),
            str(one.client),
        ]
        for one in found
    )
    out.table(columns, rows)


async def revoke(context: Context) -> Exit:
    """End the sessions that are named, or all but this one."""
    options, out = context.options, context.out
    if bool(options.session) == bool(options.others):
        raise CliError("usage", "Name sessions, or --others.", hint="billtui account sessions shows their ids.")
    async with caring(context) as (session, _account):
        there = await session.care.sessions()
        chosen = [one for one in there if not one.current] if options.others else _named(there, options.session)
        if chosen and not options.yes:
            _sure(f"End {len(chosen)} of {len(there)} sessions?")
        await session.care.revoke_sessions([one.id.raw for one in chosen])
    if out.as_json:
        out.document("revoked", sessions=[one.id.raw for one in chosen])
    else:
        out.line(f"{len(chosen)} ended." if chosen else "There is no other session.")
    return Exit.DONE


def _named(there: Sequence[SessionInfo], names: Sequence[str]) -> list[SessionInfo]:
    by_id = {str(one.id): one for one in there}
    for name in names:
        if name not in by_id:
            raise CliError(
                "not-found", f"There is no session “{name[:60]}”.", Exit.NOT_FOUND, hint="billtui account sessions"
            )
        if by_id[name].current:
            raise CliError("usage", "That is the session of this command.", hint="billtui logout ends it.")
    return [by_id[name] for name in dict.fromkeys(names)]


def _sure(question: str) -> None:
    if not can_ask():
        raise CliError("not-confirmed", "There is no terminal to ask on; nothing was sent.", hint="Add --yes.")
    if ask_line(f"{question} [y/N] ").lower() not in ("y", "yes"):
        raise CliError("not-confirmed", "Not confirmed; nothing was sent.")


# -- API keys


async def keys(context: Context) -> Exit:
    """All keys; never the keys themselves."""
    out = context.out
    async with caring(context, "account.api-keys", writes=False) as (session, account):
        found = await session.care.api_keys()
    if out.as_json:
        out.document("api-keys", api_access=account.api_access, items=found)
        return Exit.DONE
    columns = (
        Column("id", right=True), Column("label", cut=True), Column("ends in"), Column("may"), Column("expires"),
        Column("last used"), Column("from", cut=True),
    )  # fmt: skip
    rows = ([str(one.id), str(one.label), f"…{one.last_four}", *_key_words(one)] for one in found)
    out.table(columns, rows, empty="There is no API key.")
    if not account.api_access:
        out.note("API access is off: no key works. billtui account api-access on")
    return Exit.DONE


def _key_words(key: ApiKey) -> list[str]:
    return [
        "read" if key.read_only else "change",
        when(key.expires_at) if key.expires_at else "never",
        when(key.last_used_at) if key.last_used_at else "never",
        ", ".join(map(str, key.networks)) or "anywhere",
    ]


async def key_new(context: Context) -> Exit:
    """Make a key; standard output holds it alone, or a new private file does."""
    options, out = context.options, context.out
    path = _new_file(options.out)
    async with caring(context, "account.api-keys") as (session, _account):
        request = _request(context, session)
        made = await session.care.create_api_key(request, _password(context))
    secret = made.secret.get_secret_value()
    written = _write(out, path, f"{secret}\n")
    if out.as_json:
        more = {"file": str(path)} if written else {"secret": secret}
        out.document("api-key", key=made.key, **more)
        return Exit.DONE
    key = made.key
    may, expires, _, networks = _key_words(key)
    out.note(f"Key {key.label} (id {key.id}): may {may}, expires {expires}, from {networks}.")
    if written:
        out.line(f"Written to {path}, mode 0600.")
    else:
        out.note("This is the key, shown this once; whoever has it acts as this account:")
        out.line(secret)
    return Exit.DONE


def _request(context: Context, session: Session) -> ApiKeyRequest:
    options = context.options
    label = options.label.strip()
    if not 1 <= len(label) <= 100:
        raise CliError("usage", "A label has 1 to 100 characters.")
    try:
        expires, networks = (
            parse_expiry(options.expires, session.now()),
            parse_networks(" ".join(options.network or ())),
        )
    except ValueError as error:
        raise CliError("usage", str(error)) from None
    return ApiKeyRequest(label=label, expires_at=expires, read_only=not options.can_change, networks=networks)


async def key_revoke(context: Context) -> Exit:
    """End one key."""
    out = context.out
    async with caring(context, "account.api-keys") as (session, _account):
        key = _one_key(await session.care.api_keys(), context.options.key)
        question = f"Your password, to revoke “{key.label}” (…{key.last_four}): "
        await session.care.revoke_api_key(key.id.raw, _password(context, question))
    if out.as_json:
        out.document("revoked", api_key=key.id.raw)
    else:
        out.line(f"The key {key.label} (…{key.last_four}) is revoked.")
    return Exit.DONE


def _one_key(there: Sequence[ApiKey], name: str) -> ApiKey:
    """The key that ``name`` means: its id first, else a label or last four characters that only one has."""
    by_id = [one for one in there if str(one.id) == name]
    found = by_id or [one for one in there if name in (str(one.label), str(one.last_four))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise CliError("not-found", f"There is no API key “{name[:60]}”.", Exit.NOT_FOUND, hint="billtui account keys")
    ids = ", ".join(str(one.id) for one in found)
    raise CliError("usage", f"“{name[:60]}” could be several keys; name one by its id: {ids}.")


async def api_access(context: Context) -> Exit:
    """Keys in, or none of them."""
    out, on = context.out, context.options.switch == "on"
    async with caring(context, "account.api-keys") as (session, _account):
        await session.care.set_api_access(on, _password(context))
    if out.as_json:
        out.document("api-access", on=on)
    else:
        out.line("API access is on: keys work." if on else "API access is off: no key works.")
    return Exit.DONE


# -- the second factor


async def second_factor(context: Context) -> Exit:
    """On, new codes, off."""
    options, out = context.options, context.out
    path = _new_file(options.out)
    async with caring(context, "account.totp") as (session, account):
        if options.action == "on":
            if account.totp:
                raise CliError("nothing-to-do", "The second factor is on already.", Exit.REFUSED, rule="ACC-6")
            codes = await _turn_on(context, session)
        elif not account.totp:
            raise CliError("nothing-to-do", "The second factor is off.", Exit.REFUSED, rule="ACC-6")
        elif options.action == "codes":
            codes = await session.care.new_recovery_codes(_password(context), _code(context))
        else:
            await session.care.turn_totp_off(_password(context), _code(context))
            codes = None
    if codes is not None:
        _tell_codes(context, path, account, codes)
    elif out.as_json:
        out.document("second-factor", on=False)
    else:
        out.line("The second factor is off: the password alone signs in.")
    return Exit.DONE


def _code(context: Context) -> SecretStr:
    if context.options.password_stdin:
        return secret_line("Secret")
    return _asked("Code of the second factor, or a recovery code: ", "the code is its second line")


async def _turn_on(context: Context, session: Session) -> RecoveryCodes:
    """The secret goes to the terminal and to nothing else; the code proves that the app has it."""
    if not can_ask():
        raise CliError(
            "no-password", "Turning the second factor on needs a terminal: its secret has to be read.", Exit.SIGN_IN
        )
    out = context.out
    password = _password(context)
    setup = await session.care.begin_totp(password)
    from billtui.terminal.qr import qr_code

    # Most terminals are dark, and plain text has no colours: the light modules are drawn.
    code = qr_code(shorter(setup.uri.get_secret_value()), 100, 60, inverted=True)
    if code is not None:
        out.note("\n".join(code.lines))
    out.note(f"Type into the app: {in_groups(setup.secret.get_secret_value())}")
    typed = _asked("The six digits that the app shows now: ", "")
    return await session.care.confirm_totp(password, typed)


def _tell_codes(context: Context, path: Path | None, account: Account, codes: RecoveryCodes) -> None:
    out = context.out
    lines = [one.get_secret_value() for one in codes.codes]
    text = f"Recovery codes of {account.login} (account ID {account.account_id}); each works once.\n\n"
    written = _write(out, path, text + "\n".join(lines) + "\n")
    if out.as_json:
        more: dict[str, object] = {"file": str(path)} if written else {"recovery_codes": lines}
        out.document("second-factor", on=True, **more)
        return
    out.note("The second factor is on. Recovery codes, shown this once; each works once in place of a code:")
    if written:
        out.line(f"Written to {path}, mode 0600.")
    else:
        for line in lines:
            out.line(line)


# -- files


def _new_file(typed: str | None) -> Path | None:
    """The file that ``--out`` names, looked at before anything is sent: nothing is ever written over."""
    if typed is None:
        return None
    path = typed_path(typed)
    if path.exists() or path.is_symlink():
        raise CliError("file-exists", f"{path} is there already; nothing was sent.", hint="Name a new file.")
    if not path.parent.is_dir():
        raise CliError("usage", f"{path.parent} is not a folder; nothing was sent.")
    return path


def _write(out: Output, path: Path | None, text: str) -> bool:
    """Whether it stands in the file. Where that fails it is said, and it is printed after all: it is told once."""
    if path is None:
        return False
    try:
        write_new(path, text.encode())
    except OSError as error:
        out.note(f"{path} cannot be written: {error.strerror or error}. It is printed instead.")
        return False
    return True
