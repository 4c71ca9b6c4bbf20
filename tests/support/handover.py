"""Two accounts of one sandbox between which orders change hands, as tests of transfers need them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.domain.models import Account, Order, Transfer
from billtui.services import planner
from billtui.services.plans import OperationKind, Plan
from tests.support.sandbox import SandboxProcess

T = TypeVar("T")
K = OperationKind
STEPS: dict[OperationKind, Callable[..., Plan]] = {
    K.TRANSFER_CONFIRM: planner.confirm_transfer,
    K.TRANSFER_ACCEPT: planner.accept_transfer,
    K.TRANSFER_DECLINE: planner.decline_transfer,
    K.TRANSFER_CANCEL: planner.cancel_transfer,
}
BY_SENDER = frozenset({K.TRANSFER_PUSH, K.TRANSFER_CONFIRM, K.TRANSFER_CANCEL})
SUBJECTS = {K.TRANSFER_CONFIRM: "Order Transfer Confirmation", K.TRANSFER_ACCEPT: "Order Acceptance Confirmation"}


class Party:
    """One account: its token, its client, its view of things."""

    def __init__(self, sandbox: SandboxProcess, login: str) -> None:
        self.sandbox = sandbox
        self.login = login
        self.token = sandbox.sign_in(login)

    def client(self, **settings: Any) -> BillingClient:
        known: dict[str, Any] = {"write_deadline": 5.0, "read_deadline": 10.0, "retry_base": 0.02} | settings
        return BillingClient(ConnectionSettings(self.sandbox.url, **known), SecretStr(self.token))

    def ask(self, work: Callable[[BillingClient], Awaitable[T]]) -> T:
        async def run() -> T:
            async with self.client() as client:
                return await work(client)

        return asyncio.run(run())

    def account(self) -> Account:
        return self.ask(lambda client: client.account.me())

    def transfer(self, transfer_id: str) -> Transfer:
        return self.ask(lambda client: client.transfers.get(transfer_id))

    def owns(self, order_id: str) -> bool:
        return bool(self.ask(lambda client: client.orders.list(limit=1, id=[order_id])).items)

    def order(self, order_id: str) -> Order:
        return self.ask(lambda client: client.orders.get(order_id))


class Handover:
    """Both sides, and the mails between them."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.sender = Party(sandbox, str(sandbox.accounts[0]["login"]))
        self.recipient = Party(sandbox, str(sandbox.accounts[1]["login"]))
        self.recipient_id = str(sandbox.accounts[1]["account_id"])
        self._free = self._free_orders()

    def _free_orders(self) -> list[Order]:
        page = self.sender.ask(lambda client: client.orders.list(limit=500, state="active", sort="-paid_until"))
        return [one for one in page.items if one.unpaid_invoice_id is None and one.transfer_id is None]

    def party(self, kind: OperationKind) -> Party:
        """Who takes this step."""
        return self.sender if kind in BY_SENDER else self.recipient

    def orders(self, count: int = 1) -> list[Order]:
        """So many orders that nothing blocks, each given out once."""
        assert len(self._free) >= count, "the fleet is too small for this test"
        return [self.sender.order(self._free.pop(0).id.raw) for _ in range(count)]

    def push(self, orders: Sequence[Order]) -> Plan:
        return planner.push(self.sender.account(), orders, self.recipient.login, self.recipient_id)

    def step(self, kind: OperationKind, transfer_id: str) -> Plan:
        party = self.party(kind)
        return STEPS[kind](party.account(), [party.transfer(transfer_id)])

    def code(self, kind: OperationKind, transfer_id: str) -> SecretStr:
        found = [
            one["code"]
            for one in self.sandbox.mail()
            if one["transfer_id"] == transfer_id and one["subject"] == SUBJECTS[kind]
        ]
        assert len(found) == 1, f"{len(found)} mails with a code"
        return SecretStr(str(found[0]))

    def transfers_of(self, order_id: str) -> list[Transfer]:
        """Every transfer that the order was in, as its sender sees them."""
        return self.sender.ask(lambda client: client.transfers.list(limit=50, order_id=order_id)).items

    def begun(self, order: Order, *, confirmed: bool = False) -> str:
        """A transfer of ``order`` straight over the wire; its id."""
        body = {
            "order_ids": [order.id.raw], "recipient_login": self.recipient.login,
            "recipient_account_id": self.recipient_id,
        }  # fmt: skip
        key = f"begun-{order.id.raw}"
        status, answer = self.sandbox.call(
            "POST", "/api/v1/transfers", body, token=self.sender.token, headers={"Idempotency-Key": key}
        )
        assert status < 300, answer
        transfer_id = str(answer["items"][0]["id"])
        if confirmed:
            code = self.code(K.TRANSFER_CONFIRM, transfer_id).get_secret_value()
            status, answer = self.sandbox.call(
                "POST", f"/api/v1/transfers/{transfer_id}/confirm", {"code": code}, token=self.sender.token,
                headers={"Idempotency-Key": f"{key}-confirm"},
            )  # fmt: skip
            assert status < 300, answer
        return transfer_id
