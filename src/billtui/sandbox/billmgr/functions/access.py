"""Signing in and out (wire: 7)."""

from __future__ import annotations

from billtui.sandbox.billmgr import access
from billtui.sandbox.billmgr.call import Call, For, How, function
from billtui.sandbox.billmgr.errors import no_access, wrong
from billtui.sandbox.billmgr.nodes import Doc, Node, done, flag


def granted(call: Call, session: str, level: str) -> Doc:
    """The answer to a sign-in."""
    call.cookie = session
    doc = Doc(attrs={"func": "auth"})
    doc.add("auth", Node(session, {"id": session, "level": level}))
    return doc


@function("auth", how=How.OWN, open_to=For.ANYBODY)
def auth(call: Call) -> Doc:
    """A session for login and password, also for those of ``authinfo``."""
    form = call.form
    given = access.credentials_of(form)
    if form.has("username"):
        given = form.get("username"), form.values.get("password", "")
    if given is None:
        raise wrong("username", "")
    session, level = access.sign_in(
        call.database, *given, address=call.address, client=call.client, lang=form.get("lang")
    )
    return granted(call, session, level)


@function("totp.confirm", how=How.OWN, open_to=For.HALF)
def confirm_second_factor(call: Call) -> Doc:
    """The code of the second factor: a new session, the old one stays half."""
    assert call.who is not None
    if not call.writes:
        doc = Doc(form=True)
        return _form(doc.put("qrcode"))
    session, level = access.confirm(
        call.database, call.who, call.form.get("qrcode"), address=call.address, client=call.client
    )
    return granted(call, session, level)


def _form(node: Node) -> Doc:
    assert isinstance(node, Doc)
    return node


@function("whoami", open_to=For.HALF)
def whoami(call: Call) -> Doc:
    """Who is signed in; that the second factor is due, while it is (wire: 8.1)."""
    assert call.who is not None
    doc = Doc(attrs={"func": "whoami", "lang": call.lang})
    if call.who.half:
        doc.put("ok", "func=totp.confirm")
        return doc
    account = call.tx.accounts.need(call.account_id)
    attrs = {
        "id": str(account.id),
        "name": account.login,
        "realname": account.login.replace(".", " ").title(),
        "email": account.email,
        "phone": "",
        "level": access.level_of(account.role),
        "email_verified": "on",
        "need_phone_validate": flag(False),
    }
    doc.add("user", Node(attrs=attrs))
    return doc


@function("keepalive", open_to=For.HALF)
def keep_alive(call: Call) -> Doc:
    """Nothing but a use of the session (wire: 7)."""
    del call
    return done()


@function("logon", "logoff", how=How.ACT, open_to=For.ANYBODY)
def sign_out(call: Call) -> Doc:
    """End the session (wire: 7)."""
    if call.who is None:
        raise no_access(call.form.func)
    access.sign_out(call.tx, call.who)
    return done()
