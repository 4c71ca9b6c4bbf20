"""A forgotten password (wire: 8.5)."""

from __future__ import annotations

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.billmgr import access
from billtui.sandbox.billmgr.call import Call, For, How, function
from billtui.sandbox.billmgr.errors import Refused, wrong
from billtui.sandbox.billmgr.functions.access import granted
from billtui.sandbox.billmgr.nodes import Doc, done
from billtui.sandbox.engine import recovery
from billtui.sandbox.engine.errors import TooManyTries
from billtui.sandbox.engine.one_time_codes import fast_hash, plain

_REASONS = {"recovery-code-expired": "err"}


@function("recovery", how=How.OWN, open_to=For.ANYBODY)
def ask(call: Call) -> Doc:
    """Have a code mailed; an address that nobody has is answered alike."""
    if not call.writes:
        doc = Doc(form=True)
        doc.put("email")
        return doc
    try:
        recovery.ask(call.database, call.form.get("email"))
    except TooManyTries as error:
        wait = ("value", str(error.retry_after or 0))
        raise Refused("min_email_send_timeout", "email", error.detail, ("object", "email"), wait) from error
    return done()


@function("recovery.change", how=How.OWN, open_to=For.ANYBODY)
def change(call: Call) -> Doc:
    """A new password by the code of the mail; who gives it is signed in by that, but for the second factor."""
    form = call.form
    if not call.writes:
        doc = Doc(form=True)
        doc.put("userid", form.get("userid")).put("secret").put("password").put("confirm")
        return doc
    new = form.values.get("password", "")
    if new != form.values.get("confirm", ""):
        raise wrong("confirm", "", "The password and its repetition differ")
    login = _login_of(call, form.get("userid"), form.get("secret"))
    try:
        recovery.recover(call.database, form.get("secret"), new)
    except RuleBroken as error:
        kind = _REASONS.get(error.refusal.code, "check_2")
        raise Refused(kind, "secret", error.refusal.reason) from error
    session, level = access.sign_in(call.database, login, new, address=call.address, client=call.client, lang="")
    return granted(call, session, level)


def _login_of(call: Call, number: str, secret: str) -> str:
    """Whose code it is. Raises :class:`Refused` where it is nobody's, or of another than was said."""
    with call.database.read() as tx:
        found = tx.sql(
            "SELECT login, accounts.id FROM password_recoveries JOIN accounts ON accounts.id = account_id"
            " WHERE code_hash = ?",
            (fast_hash(plain(secret)),),
        ).fetchone()
    if found is None or str(found[1]) != number:
        raise Refused("check_2", "secret", "This code is not valid: ask for another.")
    return str(found[0])
