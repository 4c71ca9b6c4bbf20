"""Who asks: a session, or login and password with every call (wire: 7)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billtui.sandbox.billmgr.errors import Refused, no_access, wrong
from billtui.sandbox.billmgr.request import Form
from billtui.sandbox.engine import second_factor
from billtui.sandbox.engine import sessions as kept_sessions
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.errors import SignInRefused
from billtui.sandbox.engine.one_time_codes import fast_hash
from billtui.sandbox.engine.passwords import NOBODY, matches, refuse_locked, remember_failure
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import SECOND

if TYPE_CHECKING:
    from billtui.sandbox.database import Database

COOKIE = "billmgrses5"
IDLE = 3_600 * SECOND
"""A session ends so long after its last request (wire: 7, lifetime)."""
_NOTE_AFTER = 60 * SECOND
LANGUAGES = ("en", "ru")


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who has signed in, perhaps by half."""

    caller: Caller
    lang: str = "en"
    half: bool = False
    """The second factor is still due (wire: 17, 7)."""
    id_hash: str = ""
    """Of the session; empty where login and password came with the call."""


def session_of(form: Form, cookies: dict[str, str]) -> str:
    """The id of the session that a request names: ``auth``, or the cookie before its colon."""
    return form.get("auth") or cookies.get(COOKIE, "").partition(":")[0]


def credentials_of(form: Form) -> tuple[str, str] | None:
    """``authinfo``: login and password, which may hold colons."""
    if not form.has("authinfo"):
        return None
    login, _, password = form.values["authinfo"].partition(":")
    return login, password


def identify(database: Database, form: Form, cookies: dict[str, str]) -> Who | None:
    """Who asks; ``None`` for nobody. Raises :class:`Refused` for a wrong password, ``SignInRefused`` for a lock."""
    session = session_of(form, cookies)
    who = _by_session(database, session) if session else None
    given = credentials_of(form)
    return _by_password(database, *given) if who is None and given is not None else who


def _by_session(database: Database, session: str) -> Who | None:
    digest = fast_hash(session)
    with database.read() as tx:
        found = tx.sql(
            "SELECT a.id, a.login, a.role, b.session_id, b.used_at, b.lang, s.id FROM billmgr_sessions AS b"
            " JOIN accounts AS a ON a.id = b.account_id"
            " LEFT JOIN sessions AS s ON s.id = b.session_id AND s.expires_at > ? WHERE b.id_hash = ?",
            (tx.real, digest),
        ).fetchone()
        real, at = tx.real, tx.at
        if found is None or real - found[4] > IDLE or (found[3] and found[6] is None):
            return None
        if found[3]:
            tx.last_use.note("sessions", str(found[3]), at, None)
    if real - found[4] > _NOTE_AFTER:
        with database.write() as tx:
            tx.sql("UPDATE billmgr_sessions SET used_at = ? WHERE id_hash = ?", (tx.real, digest))
    caller = Caller(int(found[0]), str(found[1]), str(found[2]), str(found[3]))
    return Who(caller, str(found[5]), half=not found[3], id_hash=digest)


def _by_password(database: Database, login: str, password: str) -> Who:
    name = login.strip()[:200].encode("utf-8", "replace").decode()
    with database.read() as tx:
        refuse_locked(tx, name)
        account = next(iter(tx.accounts.where("login = ?", (name,))), None)
        lang = "en" if account is None else _lang_of(tx, account.id)
    if not matches(password, NOBODY if account is None else account.password) or account is None:
        with database.write() as tx:
            remember_failure(tx, name)
        raise SignInRefused("wrong-credentials", "Login or password is wrong")
    if account.totp_secret:
        raise Refused("auth", "totp", "This account needs the code of its second factor: sign in with func=auth")
    return Who(Caller(account.id, account.login, account.role), lang)


def sign_in(database: Database, login: str, password: str, *, address: str, client: str, lang: str) -> tuple[str, str]:
    """A new session: its id and its level. With a second factor it is good for ``totp.confirm`` alone.

    Raises ``SignInRefused``.
    """
    name = login.strip()[:200].encode("utf-8", "replace").decode()
    session_id = ""
    try:
        token = kept_sessions.sign_in(database, name, password, address=address, client=client)["token"]
    except SignInRefused as error:
        if error.code != "totp-required":
            raise
    else:
        with database.read() as tx:
            session_id = kept_sessions.session_of(tx, token)
    with database.write() as tx:
        account = tx.accounts.where("login = ?", (name,))[0]
        return _keep(tx, account.id, session_id, lang or _lang_of(tx, account.id)), level_of(account.role)


def confirm(database: Database, who: Who, code: str, *, address: str, client: str) -> tuple[str, str]:
    """The second step of signing in: a **new** session; the first one stays as it is (wire: 7, 17)."""
    if not who.half:
        raise no_access("totp.confirm")
    login = who.caller.login
    with database.read() as tx:
        refuse_locked(tx, login)
        kept = tx.accounts.need(who.caller.account_id).recovery_codes
    shown = second_factor.look_at(code, kept)
    with database.write() as tx:
        refuse_locked(tx, login)
        account = tx.accounts.need(who.caller.account_id)
        if second_factor.take(account, shown):
            token = kept_sessions.open_session(tx, database, account, address, client)["token"]
            return _keep(tx, account.id, kept_sessions.session_of(tx, token), who.lang), level_of(account.role)
        remember_failure(tx, login)
    raise wrong("qrcode", "", second_factor.WRONG)


def sign_out(tx: Tx, who: Who) -> None:
    """End the session."""
    tx.sql("DELETE FROM billmgr_sessions WHERE id_hash = ?", (who.id_hash,))
    if who.caller.session_id:
        tx.sql("DELETE FROM sessions WHERE id = ?", (who.caller.session_id,))


def expire(tx: Tx, session: str) -> None:
    """Let a session be over, as after an hour without a request."""
    tx.sql("DELETE FROM billmgr_sessions WHERE id_hash = ?", (fast_hash(session),))


def _lang_of(tx: Tx, account_id: int) -> str:
    """The language that an account has chosen."""
    found = tx.sql(
        "SELECT json_extract(kept, '$.lang') FROM billmgr_memory WHERE account_id = ? AND list = ''", (account_id,)
    ).fetchone()
    return "en" if found is None else str(found[0])


def _keep(tx: Tx, account_id: int, session_id: str, lang: str) -> str:
    session = secrets.token_hex(16)
    tx.sql("DELETE FROM billmgr_sessions WHERE used_at < ?", (tx.real - IDLE,))
    tx.sql(
        "INSERT INTO billmgr_sessions (id_hash, account_id, session_id, used_at, lang) VALUES (?, ?, ?, ?, ?)",
        (fast_hash(session), account_id, session_id, tx.real, lang),
    )
    return session


def level_of(role: str) -> str:
    """16 a client, 29 an employee (wire: 7, levels)."""
    return "16" if role == "client" else "29"
