"""A driver that can nothing: panels that can less than the Billing API v1 begin with it and say what they can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from billtui.client.drivers import Query
from billtui.client.drivers.acts import Act, Finding, Picture
from billtui.client.drivers.capabilities import words_of
from billtui.client.errors import CapabilityMissing
from billtui.client.exchange import Conversation, Request, Steps, at_once
from billtui.client.settings import Write
from billtui.client.top_up import TopUp
from billtui.domain.models import (
    Account,
    Addon,
    AddonRequest,
    ApiKey,
    ApiKeyRequest,
    Attachment,
    AutoRenew,
    Balances,
    BoughtOrders,
    CannedReply,
    ChangeFeed,
    Department,
    Doing,
    Invoice,
    LedgerLine,
    Location,
    Mail,
    MessageRequest,
    NewApiKey,
    OperationStatus,
    Order,
    OrderRequest,
    Page,
    Payment,
    PaymentMethod,
    Plan,
    PlanChangeRequest,
    PostedMessage,
    Presence,
    Quote,
    RecoveryCodes,
    RevealedAccess,
    SessionInfo,
    SessionToken,
    ShiftSummary,
    StockItem,
    Ticket,
    TicketChange,
    TicketMessage,
    TicketRequest,
    TotpSetup,
    Transfer,
)
from billtui.domain.money import Money

T = TypeVar("T")


class PartialDriver:
    """Every call as one that this kind of panel does not know. What a driver can do, it defines itself.

    The client asks for a request's capability before anything is sent, so that each of these is refused with
    ``CapabilityMissing`` and the words of ``BillingClient.unavailable``.
    """

    def sign_in(self, login: str, password: SecretStr, totp: SecretStr | None) -> Request[SessionToken]:
        return _missing("sign-in")

    def sign_out(self) -> Request[None]:
        return _missing("sign-in")

    def list_sessions(self) -> Request[list[SessionInfo]]:
        return _missing("account.sessions")

    def revoke_session(self, session_id: str) -> Request[None]:
        return _missing("account.sessions")

    def me(self) -> Request[Account]:
        return _missing("account")

    def change_notifications(self, settings: Mapping[str, Mapping[str, bool]], write: Write) -> Request[Account]:
        return _missing("account.notifications")

    def change_password(self, current: SecretStr, new: SecretStr) -> Request[None]:
        return _missing("account.password")

    def begin_totp(self, password: SecretStr) -> Request[TotpSetup]:
        return _missing("account.totp")

    def confirm_totp(self, password: SecretStr, code: SecretStr) -> Request[RecoveryCodes]:
        return _missing("account.totp")

    def renew_recovery_codes(self, password: SecretStr, code: SecretStr) -> Request[RecoveryCodes]:
        return _missing("account.totp")

    def turn_totp_off(self, password: SecretStr, code: SecretStr) -> Request[None]:
        return _missing("account.totp")

    def list_api_keys(self) -> Request[list[ApiKey]]:
        return _missing("account.api-keys")

    def create_api_key(self, request: ApiKeyRequest, password: SecretStr) -> Request[NewApiKey]:
        return _missing("account.api-keys")

    def revoke_api_key(self, key_id: str, password: SecretStr) -> Request[None]:
        return _missing("account.api-keys")

    def set_api_access(self, on: bool, password: SecretStr) -> Request[Account]:
        return _missing("account.api-keys")

    def ask_recovery(self, email: str) -> Request[None]:
        return _missing("account.recovery")

    def recover(self, code: SecretStr, new: SecretStr) -> Request[None]:
        return _missing("account.recovery")

    def list_transfers(self, query: Query) -> Request[Page[Transfer]]:
        return _missing("transfers")

    def get_transfer(self, transfer_id: str) -> Request[Transfer]:
        return _missing("transfers")

    def push(self, order_ids: Sequence[str], login: str, account_id: str, write: Write) -> Request[list[Transfer]]:
        return _missing("transfers")

    def confirm_transfer(self, transfer_id: str, code: SecretStr, write: Write) -> Request[Transfer]:
        return _missing("transfers")

    def accept_transfer(self, transfer_id: str, code: SecretStr, write: Write) -> Request[Transfer]:
        return _missing("transfers")

    def decline_transfer(self, transfer_id: str, write: Write) -> Request[Transfer]:
        return _missing("transfers")

    def cancel_transfer(self, transfer_id: str, write: Write) -> Request[Transfer]:
        return _missing("transfers")

    def mails(self, to: str | None) -> Request[list[Mail]]:
        return _missing("sandbox.mail")

    def departments(self) -> Request[list[Department]]:
        return _missing("tickets")

    def list_tickets(self, query: Query) -> Request[Page[Ticket]]:
        return _missing("tickets")

    def get_ticket(self, ticket_id: str) -> Request[Ticket]:
        return _missing("tickets")

    def ticket_messages(self, ticket_id: str, query: Query) -> Request[Page[TicketMessage]]:
        return _missing("tickets")

    def list_messages(self, query: Query) -> Request[Page[TicketMessage]]:
        return _missing("tickets.search")

    def new_ticket(self, request: TicketRequest, write: Write) -> Request[Ticket]:
        return _missing("tickets.new")

    def write_message(self, ticket_id: str, request: MessageRequest, write: Write) -> Request[PostedMessage]:
        return _missing("tickets.reply")

    def change_ticket(self, ticket_id: str, change: TicketChange, write: Write) -> Request[Ticket]:
        return _missing("tickets.change")

    def rate_ticket(self, ticket_id: str, rating: int, comment: str, write: Write) -> Request[Ticket]:
        return _missing("tickets.rate")

    def upload(self, name: str, data: bytes, write: Write, sent: Callable[[int], None] | None) -> Request[Attachment]:
        return _missing("tickets.files")

    def download(self, attachment_id: str, path: Path, replaces: bool) -> Request[int]:
        return _missing("tickets.files")

    def give_access(self, ticket_id: str, access: SecretStr) -> Request[None]:
        return _missing("tickets.access")

    def reveal_access(self, ticket_id: str, reason: str) -> Request[RevealedAccess]:
        return _missing("staff.access")

    def bulk_change(self, ticket_ids: Sequence[str], change: TicketChange, write: Write) -> Request[list[Ticket]]:
        return _missing("staff.bulk")

    def merge_tickets(self, ticket_ids: Sequence[str], into: str, write: Write) -> Request[Ticket]:
        return _missing("staff.merge")

    def unmerge_ticket(self, ticket_id: str, write: Write) -> Request[Ticket]:
        return _missing("staff.merge")

    def split_ticket(
        self, ticket_id: str, message_ids: Sequence[str], subject: str, department: str, write: Write
    ) -> Request[Ticket]:
        return _missing("staff.merge")

    def presence(self, ticket_id: str, doing: Doing) -> Request[list[Presence]]:
        return _missing("staff.presence")

    def shift_summary(self, query: Query) -> Request[ShiftSummary]:
        return _missing("staff.summary")

    def canned_replies(self) -> Request[list[CannedReply]]:
        return _missing("staff.canned")

    def save_canned_reply(
        self, reply_id: str | None, title: str, body: str, department: str | None, language: str, write: Write
    ) -> Request[CannedReply]:
        return _missing("staff.canned-write")

    def delete_canned_reply(self, reply_id: str, write: Write) -> Request[None]:
        return _missing("staff.canned-write")

    def list_accounts(self) -> Request[list[Account]]:
        return _no_customers()

    def get_account(self, account_id: str) -> Request[Account]:
        return _no_customers()

    def plans(self, cursor: str | None) -> Request[Page[Plan]]:
        return _missing("catalogue")

    def locations(self, cursor: str | None) -> Request[Page[Location]]:
        return _missing("catalogue")

    def addons(self, cursor: str | None) -> Request[Page[Addon]]:
        return _missing("catalogue")

    def stock(self, cursor: str | None) -> Request[Page[StockItem]]:
        return _missing("catalogue")

    def list_orders(self, query: Query) -> Request[Page[Order]]:
        return _missing("orders")

    def get_order(self, order_id: str) -> Request[Order]:
        return _missing("orders")

    def rename_order(self, order_id: str, name: str, write: Write) -> Request[Order]:
        return _missing("orders.rename")

    def set_auto_renew(self, order_id: str, auto_renew: AutoRenew, write: Write) -> Request[Order]:
        return _missing("orders.auto-renew")

    def act_on_order(self, order_id: str, action: str, write: Write, confirm_name: str | None) -> Request[Order]:
        return _missing("orders.power")

    def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None) -> Request[Quote]:
        return _missing("orders.renew")

    def renew(self, quote_id: str, expected_total: Money, write: Write) -> Request[Invoice]:
        return _missing("orders.renew")

    def quote_order(self, request: OrderRequest) -> Request[Quote]:
        return _missing("orders.new")

    def buy_order(self, quote_id: str, expected_total: Money, write: Write) -> Request[BoughtOrders]:
        return _missing("orders.new")

    def quote_addons(self, request: AddonRequest) -> Request[Quote]:
        return _missing("orders.addons")

    def buy_addons(self, quote_id: str, expected_total: Money, write: Write) -> Request[Invoice]:
        return _missing("orders.addons")

    def quote_plan_change(self, request: PlanChangeRequest) -> Request[Quote]:
        return _missing("orders.change-plan")

    def buy_plan_change(self, quote_id: str, expected_total: Money, write: Write) -> Request[Invoice]:
        return _missing("orders.change-plan")

    def list_invoices(self, query: Query) -> Request[Page[Invoice]]:
        return _missing("invoices")

    def get_invoice(self, invoice_id: str) -> Request[Invoice]:
        return _missing("invoices")

    def payment_methods(self, invoice_id: str) -> Request[list[PaymentMethod]]:
        return _missing("invoices.pay")

    def pay(self, invoice_id: str, method: str, expected_total: Money, write: Write) -> Request[Payment]:
        return _missing("invoices.pay")

    def delete_invoice(self, invoice_id: str, write: Write) -> Request[Invoice]:
        return _missing("invoices.delete")

    def combine(self, invoice_ids: Sequence[str], expected_total: Money, write: Write) -> Request[Invoice]:
        return _missing("invoices.combine")

    def split(self, invoice_id: str, write: Write) -> Request[list[Invoice]]:
        return _missing("invoices.split")

    def document(self, invoice_id: str, document_format: str, path: Path) -> Request[int]:
        return _missing("invoices.document")

    def ledger(self, query: Query) -> Request[Page[LedgerLine]]:
        return _missing("balance.ledger")

    def top_up(self, amount: Money, method: str, write: Write) -> Request[TopUp]:
        return _missing("balance.top-up")

    def move(self, amount: Money, write: Write) -> Request[Balances]:
        return _missing("balance.move")

    def changes(self, cursor: str | None, wait: int) -> Request[ChangeFeed]:
        return _missing("changes")

    def operation(self, key: str) -> Request[OperationStatus]:
        return _missing("operations")

    def before(self, act: Act) -> Request[Picture] | None:
        """Nothing to compare: a lost answer stays with a person."""
        return None

    def found(self, act: Act, before: Mapping[str, Any]) -> Request[Finding]:
        """No verdict."""
        return at_once(Finding("unclear", "This kind of panel offers nothing to compare."))


def _missing(capability: str) -> Conversation[T]:
    def begin() -> Steps[T]:
        yield from ()
        raise CapabilityMissing(f"This panel cannot {words_of(capability)} from here ({capability}).")

    return Conversation(begin, capability)


def _no_customers() -> Conversation[T]:
    def begin() -> Steps[T]:
        yield from ()
        raise CapabilityMissing("From here this panel does not show whose ticket it is. Its own web pages do.")

    return Conversation(begin)
