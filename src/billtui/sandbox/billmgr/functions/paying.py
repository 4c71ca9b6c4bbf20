"""Making payments and paying them: from the balance, or at a provider's address (wire: 9.3)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules.facts import INTERNAL
from billtui.sandbox.billmgr import baskets
from billtui.sandbox.billmgr.call import Answer, Call, How, function
from billtui.sandbox.billmgr.errors import Refused, missed, no_access, wrong
from billtui.sandbox.billmgr.functions.account import payer_of
from billtui.sandbox.billmgr.functions.payments import METHODS, PREFIX
from billtui.sandbox.billmgr.nodes import Doc, Node, Raw, choices, done, scalars, table
from billtui.sandbox.billmgr.words import money, plain
from billtui.sandbox.engine import accounts, balance, invoices, payments
from billtui.sandbox.engine.facts import lines_of
from billtui.sandbox.engine.reading import own_invoice
from billtui.sandbox.engine.rows import InvoiceRow
from billtui.sandbox.http.documents import render

CURRENCY = "50"
"""The number of the one currency, the euro, as live panels have it."""
FROM_BALANCE = "fromsubaccount"
LEAST, MOST = 1_00, 10_000_00
"""What a provider takes at a time, in cents, as the list of methods says it."""


def _target(call: Call) -> tuple[InvoiceRow | None, int | None]:
    """What is to be paid: a payment that there is, a basket, or neither, which is a top-up. Raises :class:`Refused`."""
    form = call.form
    if form.get("payment_id"):
        return own_invoice(call.tx, call.account_id, form.get("payment_id")), None
    number = form.get("billorder")
    return None, baskets.own(call.tx, call.account_id, number) if number else None


def _amount_due(call: Call, invoice: InvoiceRow | None, basket: int | None) -> int | None:
    if invoice is not None:
        return invoice.total_cents
    return None if basket is None else sum(one.total_cents for one in baskets.purchases(call.tx, basket))


def _methods(call: Call, *, for_something: bool) -> Node:
    rows: list[Node] = []
    for method, (number, name) in METHODS.items():
        inside = method == INTERNAL
        if inside and not for_something:
            continue  # the balance fills itself from elsewhere only (wire: 9.3)
        row = scalars(
            {
                "paymethod": number,
                "paymethod_type": "0" if inside else "1",
                "name": call.say(name),
                "desc": "" if inside else f"<p>{money(LEAST, 'EUR')} &ndash; {money(MOST, 'EUR')}</p>",
                "image": f"/manimg/common/{method}.png",
                "paymethod_currency_iso": "EUR",
                "payment_minamount": "0.00" if inside else plain(LEAST),
                "payment_maxamount": "" if inside else plain(MOST),
            }
        )
        button = Node(attrs={"name": FROM_BALANCE if inside else "ok"})
        row.add("action", Node()).add("button", button)
        rows.append(row)
    return table("methodlist", rows)


def _form(call: Call) -> Doc:
    invoice, basket = _target(call)
    due = _amount_due(call, invoice, basket)
    doc = Doc(attrs={"func": call.form.func, "lang": call.lang}, form=True)
    doc.put("payment_id", "" if invoice is None else str(invoice.id))
    doc.put("billorder", "" if basket is None else str(basket))
    doc.put("amount", "" if due is None else plain(due)).put("payment_currency", CURRENCY)
    doc.put("profile", payer_of(call.account_id))
    doc.add("list", _methods(call, for_something=due is not None))
    doc.add("slist", choices("payment_currency", [(CURRENCY, "EUR")]))
    login = call.tx.accounts.need(call.account_id).login
    doc.add("slist", choices("profile", [(payer_of(call.account_id), login), ("add_new", "Add new payer")]))
    return doc


@function("payment.add", "payment.add.method", how=How.FORM)
def add(call: Call) -> Doc:
    """What is to be paid, and how it can be; with ``sok`` it is, or there is an address to pay at (wire: 9.3).

    Some clients send ``sok`` with the first step already.
    """
    return _paid(call) if call.writes else _form(call)


@function("payment.add.pay", how=How.FORM)
def add_pay(call: Call) -> Doc:
    """What a method asks for beside the amount, which is nothing here; with ``sok`` as the step before (wire: 9.3)."""
    if not call.writes:
        return _form(call)
    doc = _paid(call)
    number = doc.first("payment_id")
    assert number is not None
    doc.put("id", number.text)
    doc.arrays = frozenset({"id"})
    return doc


def _paid(call: Call) -> Doc:
    """Pay, or begin to. Raises :class:`Refused` for a field, ``RuleBroken`` where the panel's rules say no."""
    tx, form = call.tx, call.form
    method = _method(call)
    currency = tx.accounts.need(call.account_id).currency
    if form.get("payment_currency") not in ("", CURRENCY):
        raise wrong("payment_currency", form.get("payment_currency"))
    if method != INTERNAL and form.get("profile") not in (payer_of(call.account_id), "add_new"):
        raise wrong("profile", form.get("profile"))
    invoice, basket = _target(call)
    amount = _amount(call)
    due = _amount_due(call, invoice, basket)
    if due is None:
        if amount is None:
            raise wrong("amount", form.get("amount"))
        made = balance.top_up(tx, call.account_id, Money(amount, currency), method)
        return _redirect(made["payment"]["payment_url"] or "", made["invoice"]["id"])
    if amount is not None and amount != Decimal(due).scaleb(-2):
        raise wrong("amount", form.get("amount"))
    number = str(invoice.id) if invoice is not None else ""
    if basket is not None:
        number = baskets.one_payment(tx, call.account_id, basket)
    payment = payments.pay(tx, call.account_id, number, method)
    if payment["payment_url"]:
        return _redirect(payment["payment_url"], number)
    return done(ok="func=order", payment_id=number, billorder="" if basket is None else str(basket))


def _redirect(url: str, number: str) -> Doc:
    return done(ok=url, payment_id=number)


def _method(call: Call) -> str:
    number = call.form.get("paymethod")
    if call.form.get("clicked_button") == FROM_BALANCE and number in ("", METHODS[INTERNAL][0]):
        return INTERNAL
    found = next((method for method, (own, _) in METHODS.items() if own == number), None)
    if found is None:
        raise wrong("paymethod", number)
    return found


def _amount(call: Call) -> Decimal | None:
    text = call.form.get("amount").replace(",", ".")
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise wrong("amount", text) from error
    exponent = amount.as_tuple().exponent
    if not amount.is_finite() or amount <= 0 or amount > 10**9 or not isinstance(exponent, int) or exponent < -2:
        raise wrong("amount", text)
    return amount


@function("payment.add.redirect", how=How.FORM)
def redirect(call: Call) -> Doc:
    """The address to pay one at that there is (wire: 9.3, 5)."""
    invoice = own_invoice(call.tx, call.account_id, call.form.get("elid"))
    if not call.writes:
        doc = Doc(form=True)
        doc.put("elid", invoice.id).put("elname", f"{PREFIX}{invoice.number}")
        return doc
    asked = call.tx.sql(
        "SELECT method FROM payments WHERE invoice_id = ? AND state = 'pending' ORDER BY id DESC", (invoice.id,)
    ).fetchone()
    payment = payments.pay(call.tx, call.account_id, str(invoice.id), "card" if asked is None else str(asked[0]))
    return _redirect(payment["payment_url"] or "", str(invoice.id))


@function("payment.delete", how=How.ACT)
def delete(call: Call) -> Doc:
    """Delete payments that are new, all of them or none; others are refused as too few rights (wire: 9.2)."""
    if not call.form.ids:
        raise missed("elid", "")
    for number in call.form.ids:
        try:
            _delete(call, number)
        except RuleBroken as error:
            raise Refused("access", "func", error.refusal.reason, ("value", "payment.delete")) from error
    return done()


def _delete(call: Call, number: str) -> None:
    """Delete a payment, and with one that was made of several purchases these too: nothing here takes it apart."""
    if own_invoice(call.tx, call.account_id, number).parts:
        for part in invoices.split(call.tx, call.account_id, number):
            _delete(call, part["id"])
    else:
        invoices.delete_invoice(call.tx, call.account_id, number)


@function("payment.orderinfo")
def order_info(call: Call) -> Doc:
    """What a payment is for (wire: 9.2)."""
    invoice = own_invoice(call.tx, call.account_id, call.form.get("elid"))
    doc = Doc(attrs={"func": "payment.orderinfo", "lang": call.lang})
    lines = lines_of(call.tx, invoice.id)
    doc.put("p_elems", len(lines))
    for line in lines:
        doc.add("elem", scalars({"info": line.title, "cost": money(line.amount_cents, invoice.currency)}))
    return doc


@function("payment.print.pdf", "payment.print")
def print_pdf(call: Call) -> Answer:
    """A payment as a document (wire: 9.2)."""
    if call.form.get("out").lower() != "pdf_print":
        raise no_access(call.form.func)
    invoice = invoices.get_invoice(call.tx, call.account_id, call.form.get("elid"))
    content = render(invoice, accounts.me(call.tx, call.account_id), "pdf")
    return Raw(content, "application/pdf", f"invoice-{invoice['number']}.pdf")
