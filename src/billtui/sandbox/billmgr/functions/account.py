"""The own account: balance, settings, password, payer (wire: 8)."""

from __future__ import annotations

from billtui.sandbox.billmgr.access import LANGUAGES
from billtui.sandbox.billmgr.call import Call, For, How, function, keep_memory
from billtui.sandbox.billmgr.errors import wrong
from billtui.sandbox.billmgr.nodes import Doc, Node, choices, done, flag, scalars
from billtui.sandbox.billmgr.words import day, moment, money
from billtui.sandbox.engine import passwords
from billtui.sandbox.engine import sessions as kept_sessions
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx

_UNREAD = "SELECT count(*) FROM tickets WHERE account_id = ? AND state = 'answered'"
_TO_COME = (
    "SELECT paid_until, monthly_cents * auto_months FROM orders WHERE account_id = ? AND auto_on = 1"
    " AND paid_until IS NOT NULL AND state IN ('active', 'suspended') ORDER BY paid_until, id"
)
PAYER = "1"
"""The number of an account's payer comes of its own: there is one for each account."""


def _lasts_until(tx: Tx, account: AccountRow) -> str:
    """The day at which what renews by itself can be paid no longer; nothing where there is no such day."""
    left = account.internal_cents
    for end, cents in tx.sql(_TO_COME, (account.id,)):
        left -= cents
        if left < 0:
            return day(end)
    return ""


@function("dashboard.info")
def dashboard_info(call: Call) -> Doc:
    """The balance (wire: 8.2). Of the panel's two purses this wire knows the internal one alone."""
    account = call.tx.accounts.need(call.account_id)
    balance = money(account.internal_cents, account.currency)
    doc = Doc(attrs={"func": "dashboard.info", "lang": call.lang})
    doc.add(
        "elem",
        scalars(
            {
                "id": account.id,
                "realbalance": balance,
                "balance": balance,
                "available": balance,
                "credit": money(0, account.currency),
                "enoughmoneyto": _lasts_until(call.tx, account),
                "phone": "",
            }
        ),
    )
    return doc


@function("notify")
def notify(call: Call) -> Doc:
    """The balance, and how many tickets have an answer (wire: 8.2)."""
    account = call.tx.accounts.need(call.account_id)
    doc = Doc(attrs={"func": "notify", "lang": call.lang})
    doc.put("realbalance", money(account.internal_cents, account.currency))
    unread = str(call.tx.sql(_UNREAD, (account.id,)).fetchone()[0])
    item = Node(attrs={"name": "ticket"})
    item.put("msg", unread)
    doc.add("notify", Node()).add("item", item)
    return doc


@function("dashboard.subaccount_credit")
def credit(call: Call) -> Doc:
    """No credit: what is not there cannot be spent (wire: 8.2)."""
    account = call.tx.accounts.need(call.account_id)
    doc = Doc(attrs={"func": "dashboard.subaccount_credit", "lang": call.lang})
    none = money(0, account.currency)
    doc.add("elem", scalars({"id": account.id, "credit": none, "available_credit": none}))
    return doc


@function("subaccount")
def subaccounts(call: Call) -> Doc:
    """The client's accounts: one."""
    account = call.tx.accounts.need(call.account_id)
    doc = Doc(attrs={"func": "subaccount", "lang": call.lang})
    doc.put("p_elems", 1)
    balance = money(account.internal_cents, account.currency)
    doc.add("elem", scalars({"id": account.id, "name": account.login, "balance": balance, "project": "Sandbox"}))
    return doc


@function("profile")
def payers(call: Call) -> Doc:
    """Payers: one natural person (wire: 8.6)."""
    account = call.tx.accounts.need(call.account_id)
    doc = Doc(attrs={"func": "profile", "lang": call.lang})
    doc.put("p_elems", 1)
    kind = Node("Person", {"orig": "1"})
    doc.add("elem", scalars({"id": payer_of(account.id), "name": account.login, "profiletype": kind}))
    return doc


def payer_of(account_id: int) -> str:
    """The number of an account's payer."""
    return f"{PAYER}{account_id}"


@function("usrparam", how=How.OWN, open_to=For.SIGNED_IN)
def settings(call: Call) -> Doc:
    """The own settings; with ``sok`` the language, or another password (wire: 8.3)."""
    assert call.who is not None
    form = call.form
    if not call.writes:
        with call.database.read() as tx:
            return _settings_form(call, tx)
    if form.get("passwd") or form.get("old_passwd"):
        _change_password(call, call.who.caller)
    if form.get("lang") in LANGUAGES:
        with call.database.write() as tx:
            tx.sql("UPDATE billmgr_sessions SET lang = ? WHERE id_hash = ?", (form.get("lang"), call.who.id_hash))
            keep_memory(tx, call.account_id, {"": {"lang": form.get("lang")}})
    return done()


def _settings_form(call: Call, tx: Tx) -> Doc:
    account = tx.accounts.need(call.account_id)
    doc = Doc(attrs={"func": "usrparam", "lang": call.lang}, form=True)
    values = {
        "elid": str(account.id),
        "timezone": "UTC",
        "time": moment(tx.at),
        "email": account.email,
        "email_confirmed_status": "on",
        "lang": call.lang,
        "secureip": "off",
        "setgeoip": "off",
        "atype": "atany",
        "addr": "",
        "status_totp": flag(account.totp_secret is not None),
        "old_passwd": "",
        "passwd": "",
        "confirm": "",
    }
    for name, value in values.items():
        doc.put(name, value)
    doc.add("slist", choices("lang", ((one, one) for one in LANGUAGES)))
    doc.add("slist", choices("atype", [("atany", "Any address"), ("atallow", "Listed addresses only")]))
    doc.add("slist", choices("timezone", [("UTC", "UTC")]))
    return doc


def _change_password(call: Call, caller: Caller) -> None:
    """Raises :class:`Refused` for a field that is not as it should be; the panel's own rules come on top (ACC-2)."""
    old, new = call.form.values.get("old_passwd", ""), call.form.values.get("passwd", "")
    if new != call.form.values.get("confirm", ""):
        raise wrong("confirm", "", "The password and its repetition differ")
    if caller.session_id:
        passwords.change(call.database, caller, old, new)
        return
    # Login and password came with the call: a session for as long as it takes.
    given = call.form.values["authinfo"].partition(":")
    token = kept_sessions.sign_in(call.database, given[0], given[2], address=call.address, client=call.client)["token"]
    with call.database.read() as tx:
        session_id = kept_sessions.session_of(tx, token)
    passwords.change(call.database, Caller(caller.account_id, caller.login, caller.role, session_id), old, new)
    with call.database.write() as tx:
        kept_sessions.sign_out(tx, caller.account_id, session_id)
