"""Signing in, who is signed in, balances, password (wire: BILLmanager 7, 8)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr, ValidationError

from billtui.client.auth import plain_token
from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager.asking import reading, writing
from billtui.client.drivers.billmanager.figures import currency_of, money
from billtui.client.drivers.billmanager.methods import Methods
from billtui.client.drivers.billmanager.shapes import Doc, attribute, objects, unwrap
from billtui.client.drivers.traits import NO_PANEL_ID
from billtui.client.errors import (
    BadAnswer,
    ConfigurationProblem,
    InvalidInput,
    Refused,
    SessionExpired,
    SignInRefused,
    TotpRequired,
)
from billtui.client.exchange import Conversation, Steps, together
from billtui.client.questions import expect
from billtui.domain.models import Account, Balances, SessionToken
from billtui.domain.money import NO_CURRENCY, Money
from billtui.domain.numbers import is_number
from billtui.domain.safetext import SafeText

LIFETIME: Final = timedelta(hours=1)
"""A session lives this long after its last request."""
_OF_A_SIGN_IN: Final = 5
"""Requests: the sign-in, who that is, the balance, what is lent, the ways to pay."""
_CONFIRM: Final = "func=totp.confirm"
_SUPPORT, _ADMIN = 28, 30


class AccountCalls(Methods):
    """The calls about the user."""

    # -- signing in and out

    def sign_in(self, login: str, password: SecretStr, totp: SecretStr | None) -> Conversation[SessionToken]:
        """``func=auth``; with a second factor ``totp.confirm``, whose session replaces the first."""

        def begin() -> Steps[SessionToken]:
            if self.chosen.authinfo:
                return (yield from self._by_authinfo(login, password))
            expect(_OF_A_SIGN_IN)
            doc = yield from self.once("auth", (("username", login), ("password", password)))
            session = _session(doc)
            who = yield from self.once("whoami", (("auth", session),))
            half = unwrap(who.get("ok")) == _CONFIRM
            if half:
                session = yield from self._second_factor(session, totp)
            self.memory.forget_user()
            if not half and objects(who.get("user")):
                self._learn(who)  # what is asked next would be the same once more
            return SessionToken(token=session, expires_at=datetime.now(UTC) + LIFETIME)

        return reading(begin)

    def _second_factor(self, first: SecretStr, totp: SecretStr | None) -> Steps[SecretStr]:
        """The whole session for a half one. Raises ``TotpRequired``, ``SignInRefused``."""
        if totp is None:
            raise TotpRequired("The account wants the code of its second factor.", "Give the code.")
        fields: tuple[tuple[str, str | SecretStr], ...] = (
            ("qrcode", totp), ("sok", "ok"), ("clicked_button", "ok"), ("auth", first),
        )  # fmt: skip
        try:
            doc = yield from self.once("totp.confirm", fields)
        except InvalidInput as error:
            raise SignInRefused(
                error.fact, "Type the code that the device shows now.", problem=error.problem, code="wrong-totp"
            ) from None
        session = _session(doc)
        if session == first:
            raise UnreadableAnswer("the session is still the one before the code")
        return session

    def _by_authinfo(self, login: str, password: SecretStr) -> Steps[SessionToken]:
        """No session: login and password go with every call, and are tried once now."""
        pair = SecretStr(f"{login}:{password.get_secret_value()}")
        who = yield from self.once("whoami", (("authinfo", pair),))
        if unwrap(who.get("ok")) == _CONFIRM:
            raise SignInRefused(
                "With a second factor the panel takes no login and password with every call.",
                "Take the option sign_in out of the profile.",
            )
        self.memory.forget_user()
        return SessionToken(token=password, expires_at=datetime.now(UTC) + timedelta(days=3650))

    def sign_out(self) -> Conversation[None]:
        """Ends the session (``func=logon``, as one large provider's own client does)."""

        def begin() -> Steps[None]:
            if self.chosen.authinfo:
                return
            try:
                yield from self.farewell(self.chosen.sign_out_func)
            except (Refused, SessionExpired, BadAnswer):
                return  # it had ended already, or ends by itself

        return reading(begin)

    # -- who it is

    def me(self) -> Conversation[Account]:
        """``whoami``, ``dashboard.info`` and the ways to pay."""

        def begin() -> Steps[Account]:
            who = self.memory.who
            if who is None or self.memory.staff:  # of staff nothing else is asked that would tell a session's end
                who = yield from self.who()
            money_now, methods = yield from together(self.money_now, self._words_of_ways)
            name = attribute(who, "name") or self.login or attribute(who, "email")
            role = "client" if not self.memory.staff else "support" if (self.memory.level or 0) < _ADMIN else "admin"
            return _checked(
                {
                    "panel_id": NO_PANEL_ID,
                    "account_id": self.memory.user_id,
                    "login": name,
                    "email": attribute(who, "email"),
                    "emails": [attribute(who, "email")] if attribute(who, "email") else [],
                    "role": role,
                    "currency": self.memory.currency,
                    "balances": money_now,
                    "payment_methods": ["internal", *methods],
                    "capabilities": sorted(self.allowed()),
                }
            )

        return reading(begin)

    def allowed(self) -> frozenset[str]:
        """What this user can do here; empty for everything that the driver can."""
        return frozenset()

    def who(self) -> Steps[Doc]:
        """The node ``user`` of ``whoami``; remembers level and id. Raises ``SessionExpired`` for a half session."""
        doc = yield from self.fetch("whoami")
        if unwrap(doc.get("ok")) == _CONFIRM:
            raise SessionExpired("The session waits for the code of the second factor.", "Sign in again with the code.")
        return self._learn(doc)

    def _words_of_ways(self) -> Steps[tuple[str, ...]]:
        """By what the account can be topped up, as listed once in a session."""
        if self.memory.staff:
            return ()
        if self.memory.ways is None:
            ways = yield from self.ways_to_pay()
            self.memory.ways = tuple(one.word for one in ways if not one.balance)
        return self.memory.ways

    def _learn(self, doc: Doc) -> Doc:
        """Remember who is signed in. Raises ``UnreadableAnswer``."""
        users = objects(doc.get("user"))
        if not users or not attribute(users[0], "id"):
            raise UnreadableAnswer("user is missing")
        level = attribute(users[0], "level")
        self.memory.level = int(level) if is_number(level, 3) else 16
        self.memory.user_id = attribute(users[0], "id")
        self.memory.login = attribute(users[0], "name")
        self.memory.real_name = attribute(users[0], "realname")
        self.memory.who = users[0]
        return users[0]

    def known_user(self) -> Steps[None]:
        """Learn who is signed in, where that is not known yet."""
        if self.memory.level is None:
            yield from self.who()

    # -- money

    def money_now(self) -> Steps[Balances]:
        """The balance; what the provider lends stands apart from it.

        A panel's staff has none, and no currency.
        """
        if self.memory.staff:
            self.memory.currency = NO_CURRENCY
            none = Money.zero(NO_CURRENCY)
            return Balances(internal=none, affiliate=none)
        amount, text = yield from together(self.held_now, self._credit)
        lent = money(text, amount.currency) if text else Money.zero(amount.currency)
        credit = lent if lent.amount > 0 else None
        return Balances(internal=amount, affiliate=Money.zero(amount.currency), credit=credit)

    def held_now(self) -> Steps[Money]:
        """What the balance holds, without what is lent."""
        doc = yield from self.fetch("dashboard.info")
        rows = objects(doc.get("elem")) or [doc]
        text = unwrap(rows[0].get("realbalance")) or unwrap(rows[0].get("balance"))
        if not text:
            text = unwrap((yield from self.fetch("notify")).get("realbalance"))
        currency = currency_of(text) or self.chosen.currency or self.memory.currency
        if not text or not currency:
            raise UnreadableAnswer("the balance is missing or has no currency (option currency)")
        self.memory.currency = currency
        return money(text, currency)

    def _credit(self) -> Steps[str]:
        """What the provider lends, as written; empty where it lends nothing or does not tell."""
        if self.memory.no_credit:
            return ""
        try:
            doc = yield from self.fetch("dashboard.subaccount_credit")
        except SessionExpired:
            raise
        except Refused:
            self.memory.no_credit = True
            return ""
        rows = objects(doc.get("elem"))
        return unwrap(rows[0].get("credit")) if rows else ""

    def known_currency(self) -> Steps[str]:
        """The account's currency."""
        if self.chosen.currency:
            return self.chosen.currency
        if not self.memory.currency:
            yield from self.known_user()
            yield from self.money_now()
        return self.memory.currency

    # -- password

    def change_password(self, current: SecretStr, new: SecretStr) -> Conversation[None]:
        """``usrparam`` with the old and twice the new one."""

        def begin() -> Steps[None]:
            yield from self.known_user()
            fields = (
                ("elid", self.memory.user_id), ("old_passwd", current), ("passwd", new), ("confirm", new),
                ("sok", "ok"),
            )  # fmt: skip
            doc = yield from self.send("usrparam", fields)
            if "ok" not in doc:
                raise UnreadableAnswer("it does not say that the password was changed")

        return writing(begin, "account.password")

    def ask_recovery(self, email: str) -> Conversation[None]:
        """``recovery``: a mail with a link."""

        def begin() -> Steps[None]:
            yield from self.once("recovery", (("email", email), ("sok", "ok")))

        return reading(begin, "account.recovery")

    def recover(self, code: SecretStr, new: SecretStr) -> Conversation[None]:
        """``recovery.change``: the code is the mail's link, or its ``userid:secret``."""

        def begin() -> Steps[None]:
            user, secret = _of_the_mail(code.get_secret_value())
            fields = (("userid", user), ("secret", secret), ("password", new), ("confirm", new), ("sok", "ok"))
            yield from self.once("recovery.change", fields)

        return reading(begin, "account.recovery")


_USER = re.compile(r"[0-9]{1,18}\Z")


def _of_the_mail(text: str) -> tuple[str, SecretStr]:
    """User and secret of a recovery link, or of ``userid:secret``. Raises :class:`ConfigurationProblem`."""
    user, _, secret = text.strip().partition(":")
    if "secret=" in text:
        try:
            pairs = dict(parse_qsl(urlsplit(text.strip()).query))
        except ValueError:
            pairs = {}
        user, secret = pairs.get("userid", ""), pairs.get("secret", "")
    if not _USER.match(user) or not secret:
        raise ConfigurationProblem(
            "Paste the whole link of the mail, or its userid and secret as 77:abc. Nothing was sent."
        )
    return user, SecretStr(secret)


def _session(doc: Doc) -> SecretStr:
    """The session's id. Raises ``UnreadableAnswer`` for one that cannot be sent."""
    text = attribute(doc.get("auth"), "id") or unwrap(doc.get("auth"))
    token = SecretStr(text.partition(":")[0])
    try:
        plain_token(token)
    except ConfigurationProblem:
        raise UnreadableAnswer("the session's id is missing or wrong") from None
    return token


def _checked(values: dict[str, Any]) -> Account:
    values["email"] = SafeText(values["email"])
    values["login"] = SafeText(values["login"])
    try:
        return Account.model_validate(values)
    except ValidationError:
        raise UnreadableAnswer("what it says about the user is missing or wrong") from None
