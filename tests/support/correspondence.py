"""A client and two of support on one sandbox, who write to each other, as tests of tickets need them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from billtui.domain.models import Account, Ticket, TicketMessage
from billtui.services import planner
from billtui.services.plans import Plan
from tests.support.handover import Party
from tests.support.sandbox import Json, SandboxProcess

CLIENT, OTHER_CLIENT, SUPPORT, COLLEAGUE = "olena.marsh", "kofi.brandt", "sam.desk", "ada.desk"


class Correspondence:
    """Who writes, and what the panel says was written."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.client = Party(sandbox, CLIENT)
        self.support = Party(sandbox, SUPPORT)
        self.colleague = Party(sandbox, COLLEAGUE)
        self.accounts = {one.login: one.account() for one in (self.client, self.support, self.colleague)}
        self._count = itertools.count(1)

    def account(self, party: Party) -> Account:
        """The account that a party signed in as."""
        return self.accounts[party.login]

    def opened(self, subject: str = "Disk is full", party: Party | None = None, **more: Any) -> Ticket:
        """A ticket straight over the wire, as its client sees it."""
        body = {"department": "technical", "subject": subject, "body": "df says 100 %"} | more
        return self.ticket(self._post("/tickets", body, party or self.client)["id"], party)

    def wrote(self, party: Party, ticket_id: str, body: str, **more: Any) -> str:
        """A message straight over the wire; its id."""
        return str(self._post(f"/tickets/{ticket_id}/messages", {"body": body} | more, party)["message"]["id"])

    def changed(self, party: Party, ticket_id: str, **change: Any) -> None:
        """A change straight over the wire."""
        headers = {"Idempotency-Key": f"straight-{next(self._count)}"}
        path = f"/api/v1/tickets/{ticket_id}"
        status, answer = self.sandbox.call("PATCH", path, change, token=party.token, headers=headers)
        assert status < 300, answer

    def _post(self, path: str, body: Json, party: Party) -> Json:
        headers = {"Idempotency-Key": f"straight-{next(self._count)}"}
        status, answer = self.sandbox.call("POST", f"/api/v1{path}", body, token=party.token, headers=headers)
        assert status < 300, answer
        return answer

    # -- looking

    def ticket(self, ticket_id: str, party: Party | None = None) -> Ticket:
        """A ticket as a party sees it now."""
        return (party or self.client).ask(lambda client: client.tickets.get(ticket_id))

    def thread(self, ticket_id: str, party: Party | None = None) -> list[TicketMessage]:
        """Every message that a party may read."""

        async def work(client: Any) -> list[TicketMessage]:
            return [one async for page in client.tickets.message_pages(ticket_id) for one in page.items]

        return (party or self.support).ask(work)

    def bodies(self, ticket_id: str, party: Party | None = None) -> list[str]:
        """What stands in the thread."""
        return [one.body.raw for one in self.thread(ticket_id, party)]

    def subjects(self, subject: str) -> int:
        """How many tickets of the client have this subject."""
        found = self.client.ask(lambda client: client.tickets.list(limit=500))
        return sum(one.subject.raw == subject for one in found.items)

    # -- planning

    def reply(self, party: Party, ticket_id: str, body: str, **more: Any) -> Plan:
        """A plan of an answer of somebody who saw the thread as it is now."""
        ticket = self.ticket(ticket_id, party)
        seen = ticket.last_message_id.raw if ticket.last_message_id is not None else None
        return planner.reply(self.account(party), ticket, body, **({"seen": seen} | more))

    def tickets(self, party: Party, ids: Sequence[str]) -> list[Ticket]:
        """Several as a party sees them."""
        return [self.ticket(one, party) for one in ids]
