"""Signing in, the profile, the password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.fossbilling import reading
from billtui.client.drivers.fossbilling.calling import EXPECT, SESSION, call, cookie_of, raw
from billtui.client.drivers.fossbilling.envelope import explain, result_of
from billtui.client.drivers.fossbilling.invoices import balance, done, gateways
from billtui.client.drivers.fossbilling.role import Role, one_row
from billtui.client.drivers.fossbilling.values import Row
from billtui.client.errors import ClientError, NotFound, RuleRefused, SessionExpired
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Kind, Request, Steps, ask
from billtui.domain.models import Account, SessionToken

SESSION_LASTS: Final = timedelta(hours=2)
"""The panel does not say how long a session lasts; when it is over, the panel says so."""


class AccountCalls(Role):
    """``guest/client``, ``guest/staff`` and ``client/profile``."""

    def sign_in(self, login: str, password: SecretStr, totp: SecretStr | None) -> Request[SessionToken]:
        """``guest/client/login``: the session is the cookie that comes with the answer, a new one at each sign-in."""
        path = "guest/staff/login" if self.ways.staff else "guest/client/login"

        def read(answer: Answer) -> SessionToken:
            Row(result_of(answer), "result").id()
            cookie = cookie_of(answer)
            if cookie is None:
                raise UnreadableAnswer("it begins no session")
            return SessionToken(token=SecretStr(f"{SESSION}{cookie}"), expires_at=datetime.now(UTC) + SESSION_LASTS)

        body = {"email": raw(login), "password": password}
        exchange = Exchange("POST", f"/api/{path}", Kind.ONCE, body=body, authorised=False)
        return Call(exchange, read, explain, "sign-in", EXPECT)

    def sign_out(self) -> Request[None]:
        """``profile/logout``. An API key stays what it is."""
        return call(f"{self.user}/profile/logout", lambda _result: None, "sign-in", kind=Kind.ONCE)

    def me(self) -> Request[Account]:
        """``client/profile/get`` with the balance in it, and the ways to pay."""

        def staff() -> Steps[Account]:
            return reading.staff_account((yield from ask(call("admin/profile/get", one_row))), self.capabilities)

        def client() -> Steps[Account]:
            row = yield from ask(call("client/profile/get", one_row))
            held: Any = row.any("balance")
            if held is None:
                held = yield from ask(balance())
            methods: list[str] = []
            try:
                methods = [one.text("code") or one.id() for one in (yield from ask(gateways()))]
            except SessionExpired:
                raise
            except ClientError:
                pass  # the account is known without them; paying asks for them again
            return reading.account(row, held, methods, self.capabilities)

        return Conversation(staff if self.ways.staff else client, "account")

    def change_password(self, current: SecretStr, new: SecretStr) -> Request[None]:
        """``client/profile/change_password``."""
        return call(
            "client/profile/change_password", done, "account.password", kind=Kind.WRITE, current_password=current,
            new_password=new, confirm_password=new,
        )  # fmt: skip

    def ask_recovery(self, email: str) -> Request[None]:
        """``guest/client/reset_password``: a mail with a link. An address that is not known is answered alike."""

        def begin() -> Steps[None]:
            try:
                yield from ask(
                    call("guest/client/reset_password", lambda _result: None, kind=Kind.ONCE, email=raw(email))
                )
            except (RuleRefused, NotFound):
                return  # "Email not found": whether it is known is nobody's business (ACC-3)

        return Conversation(begin, "account.recovery")

    def recover(self, code: SecretStr, new: SecretStr) -> Request[None]:
        """``guest/client/update_password`` with what stands at the end of the mail's link."""
        return call(
            "guest/client/update_password", done, "account.recovery", kind=Kind.WRITE, hash=code, password=new,
            password_confirm=new,
        )  # fmt: skip
