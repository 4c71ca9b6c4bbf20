"""Calls on transfers, and the sandbox's mail that carries their codes (TRF)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from billtui.client.drivers import Query
from billtui.client.drivers.billing_v1 import checks
from billtui.client.drivers.billing_v1.calling import Calling, raw
from billtui.client.drivers.billing_v1.problems import explain_answer
from billtui.client.drivers.billing_v1.reading import items
from billtui.client.exchange import Call, Exchange, segment
from billtui.client.settings import Write
from billtui.domain.models import Mail, Page, Transfer, TransferState


class TransferCalls(Calling):
    """``/transfers``"""

    def list_transfers(self, query: Query) -> Call[Page[Transfer]]:
        """``GET /transfers``."""
        return self._list("/transfers", Transfer, query, "transfers")

    def get_transfer(self, transfer_id: str) -> Call[Transfer]:
        """``GET /transfers/{id}``."""
        path = f"/transfers/{segment(transfer_id)}"
        return self._read(path, lambda answer: checks.transfer(answer, transfer_id), need="transfers")

    def push(self, order_ids: Sequence[str], login: str, account_id: str, write: Write) -> Call[list[Transfer]]:
        """``POST /transfers``: all of the orders or none (TRF-1, TRF-4, TRF-7)."""
        ids = [raw(one) for one in order_ids]
        body = {"order_ids": ids, "recipient_login": raw(login), "recipient_account_id": raw(account_id)}
        return self._write("POST", "/transfers", write, lambda answer: checks.pushed(answer, ids), body, "transfers")

    def confirm_transfer(self, transfer_id: str, code: SecretStr, write: Write) -> Call[Transfer]:
        """``POST /transfers/{id}/confirm``: the sender's step (TRF-2)."""
        return self._step(transfer_id, "confirm", write, TransferState.AWAITING_RECIPIENT, code)

    def accept_transfer(self, transfer_id: str, code: SecretStr, write: Write) -> Call[Transfer]:
        """``POST /transfers/{id}/accept``: the recipient's step; the order moves (TRF-2)."""
        return self._step(transfer_id, "accept", write, TransferState.COMPLETED, code)

    def decline_transfer(self, transfer_id: str, write: Write) -> Call[Transfer]:
        """``POST /transfers/{id}/decline``: the recipient's no (TRF-3)."""
        return self._step(transfer_id, "decline", write, TransferState.DECLINED)

    def cancel_transfer(self, transfer_id: str, write: Write) -> Call[Transfer]:
        """``POST /transfers/{id}/cancel``: the sender's no, any time before completion (TRF-3)."""
        return self._step(transfer_id, "cancel", write, TransferState.CANCELLED)

    def _step(
        self, transfer_id: str, step: str, write: Write, comes_to: TransferState, code: SecretStr | None = None
    ) -> Call[Transfer]:
        path = f"/transfers/{segment(transfer_id)}/{step}"
        body = None if code is None else {"code": code}
        return self._write(
            "POST", path, write, lambda answer: checks.stepped(answer, transfer_id, comes_to), body, "transfers"
        )

    def mails(self, to: str | None) -> Call[list[Mail]]:
        """``GET /sandbox/mail``, to one address or all; a real panel has no such place."""
        query: Query = (("to", raw(to)),) if to else ()
        exchange = Exchange("GET", "/sandbox/mail", query=query, authorised=False)
        return Call(exchange, lambda answer: items(Mail, answer), explain_answer, "sandbox.mail")
