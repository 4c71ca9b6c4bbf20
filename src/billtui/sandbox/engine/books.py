"""Are the books right? What must hold of money and tickets at any moment, checked over the whole database."""

from __future__ import annotations

from sqlalchemy import Connection

from billtui.sandbox.engine.books_tickets import TICKET_CHECKS

_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "entry {0}: debits and credits differ by {1} cents",
        "SELECT entry, sum(cents) FROM ledger GROUP BY entry HAVING sum(cents) <> 0",
    ),
    (
        "entry {0} is written in {1} accounts or currencies",
        "SELECT entry, count(DISTINCT account_id || currency) AS many FROM ledger GROUP BY entry HAVING many <> 1",
    ),
    (
        "account {0}: internal purse holds {1}, its lines add up to {2}",
        "SELECT id, internal_cents, (SELECT coalesce(sum(cents), 0) FROM ledger WHERE account_id = accounts.id"
        " AND purse = 'internal') AS lines FROM accounts WHERE internal_cents <> lines",
    ),
    (
        "account {0}: affiliate purse holds {1}, its lines add up to {2}",
        "SELECT id, affiliate_cents, (SELECT coalesce(sum(cents), 0) FROM ledger WHERE account_id = accounts.id"
        " AND purse = 'affiliate') AS lines FROM accounts WHERE affiliate_cents <> lines",
    ),
    (
        "account {0}: a purse is below zero",
        "SELECT id FROM accounts WHERE internal_cents < 0 OR affiliate_cents < 0",
    ),
    (
        "invoice {0} is {1} with {2} payments",  # INV-4
        "SELECT id, state, (SELECT count(*) FROM payments WHERE invoice_id = invoices.id AND state = 'done') AS done"
        " FROM invoices WHERE done <> (state IN ('paid', 'refunded'))",
    ),
    (
        "payment {0} of invoice {1} is {2} cents, the invoice {3}",  # INV-4: the whole amount or nothing
        "SELECT payments.id, invoice_id, cents, total_cents FROM payments JOIN invoices ON invoices.id = invoice_id"
        " WHERE payments.state = 'done' AND cents <> total_cents",
    ),
    (
        "payment {0} of invoice {1}: {2} cents, the books say {3}",
        "SELECT payments.id, payments.invoice_id, payments.cents, -coalesce((SELECT sum(ledger.cents) FROM ledger"
        " WHERE ledger.payment_id = payments.id AND ledger.kind <> 'refund' AND ledger.kind <> 'late-payment'"
        " AND ledger.cents < 0), 0) AS booked"
        " FROM payments WHERE payments.state = 'done' AND payments.cents <> booked",
    ),
    (
        "payment {0} is {1} and stands in the books as a payment",
        "SELECT payments.id, payments.state FROM payments JOIN ledger ON ledger.payment_id = payments.id"
        " WHERE payments.state <> 'done' AND ledger.kind <> 'late-payment'",
    ),
    (
        "invoice {0}: total {1}, its lines add up to {2}",  # INV-10
        "SELECT id, total_cents, (SELECT coalesce(sum(amount_cents), 0) FROM invoice_lines WHERE invoice_id ="
        " invoices.id) AS lines FROM invoices WHERE total_cents <> lines",
    ),
    (
        "invoice {0}: {1} lines counted, {2} there",
        "SELECT id, line_count, (SELECT count(*) FROM invoice_lines WHERE invoice_id = invoices.id) AS lines"
        " FROM invoices WHERE line_count <> lines",
    ),
    (
        "account {0}: {1} invoices, numbers up to {2}, next {3}",  # INV-8
        "SELECT accounts.id, count(invoices.id) AS many, coalesce(max(number), 0) AS last, next_number FROM accounts"
        " LEFT JOIN invoices ON invoices.account_id = accounts.id GROUP BY accounts.id"
        " HAVING many <> last OR next_number <> last + 1",
    ),
    (
        "renewal {0} of order {1} has no payment",  # REN-1
        "SELECT renewals.id, renewals.order_id FROM renewals JOIN payments ON payments.id = payment_id"
        " WHERE payments.state <> 'done' OR payments.invoice_id <> renewals.invoice_id",
    ),
    (
        "order {0} is paid until {1}, its payments say {2}",  # REN-1, REN-3
        "SELECT orders.id, paid_until, (SELECT new_until FROM renewals WHERE order_id = orders.id ORDER BY id DESC"
        " LIMIT 1) AS said FROM orders WHERE paid_until IS NOT said",
    ),
    (
        "renewal {0} of order {1} does not follow the one before",  # REN-3, PRM-7: no free days
        "SELECT id, order_id FROM (SELECT id, order_id, old_until, lag(new_until) OVER (PARTITION BY order_id"
        " ORDER BY id) AS before, row_number() OVER (PARTITION BY order_id ORDER BY id) AS place FROM renewals)"
        " WHERE place > 1 AND old_until IS NOT before",
    ),
    (
        "invoice {0} was paid, and its line for order {1} did nothing",
        "SELECT invoices.id, order_id FROM invoice_lines JOIN invoices ON invoices.id = invoice_id"
        " WHERE invoices.state = 'paid' AND invoice_lines.kind IN ('renewal', 'new-order') AND NOT EXISTS"
        " (SELECT 1 FROM renewals WHERE renewals.invoice_id = invoices.id"
        " AND renewals.order_id = invoice_lines.order_id)",
    ),
    (
        "order {0} waits for invoice {1}, which is {2}",
        "SELECT orders.id, invoices.id, invoices.state FROM orders JOIN invoices ON invoices.id = open_invoice_id"
        " WHERE invoices.state NOT IN ('unpaid', 'promised', 'overdue')",
    ),
    (
        "invoice {0} is open and bills order {1}, which does not know it",  # REN-2
        "SELECT invoices.id, orders.id FROM invoices JOIN invoice_lines ON invoice_lines.invoice_id = invoices.id"
        " JOIN orders ON orders.id = order_id WHERE invoices.state IN ('unpaid', 'promised', 'overdue')"
        " AND open_invoice_id IS NULL",
    ),
    (
        "order {0} is {1} and still on invoice {2}",  # INV-12, ORD-3
        "SELECT id, state, open_invoice_id FROM orders WHERE state IN ('deleted', 'cancelled')"
        " AND open_invoice_id IS NOT NULL",
    ),
    (
        "invoice {0} was combined into {1}, which does not name it",  # INV-6
        "SELECT part.id, part.combined_into FROM invoices AS part JOIN invoices AS whole ON whole.id ="
        " part.combined_into WHERE NOT EXISTS (SELECT 1 FROM json_each(whole.combined_from) WHERE value = part.id)",
    ),
    (
        "invoice {0} is {1} and points to {2}",
        "SELECT id, state, combined_into FROM invoices WHERE (state = 'combined') <> (combined_into IS NOT NULL)",
    ),
    (
        "order {0} is pending and no invoice bills it",  # ORD-1, ORD-3
        "SELECT id FROM orders WHERE state = 'pending' AND open_invoice_id IS NULL",
    ),
    (
        "order {0} stands on {1} lines of invoice {2}",  # INV-10: one line per order
        "SELECT order_id, count(*) AS many, invoice_id FROM invoice_lines WHERE order_id IS NOT NULL"
        " GROUP BY invoice_id, order_id HAVING many > 1",
    ),
    (
        "order {0} is {1} and was never paid",  # ORD-1: a server for nothing
        "SELECT id, state FROM orders WHERE state NOT IN ('pending', 'cancelled')"
        " AND NOT EXISTS (SELECT 1 FROM renewals WHERE order_id = orders.id)",
    ),
    (
        "{0} in {1}: {2} in stock and {3} sold are not {4}",  # BLK-6: nothing is sold twice, nothing is lost
        "SELECT stock.plan, stock.location, available, (SELECT count(*) FROM orders WHERE orders.plan = stock.plan AND"
        " orders.location = stock.location AND state NOT IN ('deleted', 'cancelled')) + (SELECT count(*) FROM"
        " invoice_lines JOIN invoices ON invoices.id = invoice_id JOIN orders ON orders.id = order_id"
        " WHERE invoice_lines.kind = 'plan-change' AND invoices.state IN ('unpaid', 'promised', 'overdue')"
        " AND json_extract(plan_change, '$[2]') = stock.plan AND orders.location = stock.location) AS sold, capacity"
        " FROM stock WHERE available + sold <> capacity OR available < 0",
    ),
    (
        "promo code {0} was used {1} times, {2} were allowed",  # DSC-6
        "SELECT code, used_before + (SELECT count(*) FROM promo_uses WHERE promo_uses.code = promo_codes.code"
        " AND given_back_at IS NULL) AS uses, max_uses FROM promo_codes WHERE uses > max_uses",
    ),
    (
        "promo code {0} was used {2} times by account {1}",  # DSC-6
        "SELECT promo_codes.code, account_id, count(*) AS uses FROM promo_uses JOIN promo_codes"
        " ON promo_codes.code = promo_uses.code WHERE once_per_account AND given_back_at IS NULL"
        " GROUP BY promo_codes.code, account_id HAVING uses > 1",
    ),
    (
        "promo code {0} on invoice {1}, which is {2}: given back at {3}",  # DSC-6
        "WITH RECURSIVE final (first, id, state, into_id) AS (SELECT id, id, state, combined_into FROM invoices"
        " WHERE id IN (SELECT invoice_id FROM promo_uses) UNION ALL SELECT first, invoices.id, invoices.state,"
        " combined_into FROM final JOIN invoices ON invoices.id = into_id)"
        " SELECT code, invoice_id, final.state, given_back_at FROM promo_uses JOIN final ON first = invoice_id"
        " AND into_id IS NULL WHERE (final.state = 'deleted') <> (given_back_at IS NOT NULL)",
    ),
    (
        "invoice {0}, order {1}: its add-ons make up {2}, the line is {3} of {4}",  # ORD-5, DSC-4
        "SELECT invoice_id, order_id, (SELECT sum(json_extract(value, '$[2]')) FROM json_each(addons)) AS parts,"
        " amount_cents, list_cents FROM invoice_lines WHERE addons <> '[]' AND (parts > amount_cents OR (kind = 'addon'"
        " AND (parts <> amount_cents OR parts <> list_cents)))",
    ),
    (
        "order {0} has the add-on {1} that nobody paid for, or twice",  # ORD-5
        "SELECT orders.id, json_extract(held.value, '$[0]') AS addon FROM orders, json_each(orders.addons) AS held"
        " WHERE orders.addons <> '[]' AND orders.state <> 'pending' AND orders.state <> 'cancelled'"
        " AND (SELECT count(*) FROM invoice_lines JOIN invoices ON invoices.id = invoice_id, json_each("
        "invoice_lines.addons) AS part WHERE order_id = orders.id AND invoices.state = 'paid'"
        " AND invoice_lines.kind IN ('new-order', 'addon')"
        " AND json_extract(part.value, '$[0]') = json_extract(held.value, '$[0]')) <> 1",
    ),
    (
        "order {0} has the plan {1} at {2}, its last paid change says {3} at {4}",  # ORD-6
        "SELECT orders.id, plan, monthly_cents, json_extract(plan_change, '$[2]') AS said,"
        " json_extract(plan_change, '$[5]') AS price FROM orders JOIN invoice_lines ON invoice_lines.id ="
        " (SELECT max(lines.id) FROM invoice_lines AS lines JOIN invoices ON invoices.id = invoice_id"
        " WHERE lines.order_id = orders.id AND lines.kind = 'plan-change' AND invoices.state = 'paid')"
        " WHERE plan <> said OR monthly_cents <> price",
    ),
    (
        "invoice {0}, order {1}: {2} to {3} a month is not a plan change over {4}",  # ORD-6: a cheaper plan costs 0
        "SELECT invoice_id, order_id, json_extract(plan_change, '$[4]') AS old, json_extract(plan_change, '$[5]')"
        " AS new, amount_cents FROM invoice_lines WHERE (kind = 'plan-change') <> (plan_change <> '')"
        " OR (plan_change <> '' AND (amount_cents < 0 OR (new <= old AND amount_cents <> 0)))",
    ),
    (
        "order {0} of account {1} names ticket {2}, which is of account {3} about order {4}",  # ORD-6: linked both ways
        "SELECT orders.id, orders.account_id, plan_change_ticket_id, tickets.account_id, order_id FROM orders"
        " LEFT JOIN tickets ON tickets.id = plan_change_ticket_id WHERE plan_change_ticket_id IS NOT NULL"
        " AND (tickets.account_id IS NOT orders.account_id OR tickets.order_id IS NOT orders.id)",
    ),
    (
        "order {0} is held by transfer {1}, which is {2}",  # TRF-6: the lock is exact
        "SELECT orders.id, orders.transfer_id, transfers.state FROM orders LEFT JOIN transfers"
        " ON transfers.id = orders.transfer_id WHERE orders.transfer_id IS NOT NULL AND (transfers.id IS NULL"
        " OR transfers.order_id <> orders.id OR transfers.account_id <> orders.account_id"
        " OR transfers.state NOT IN ('awaiting sender', 'awaiting recipient'))",
    ),
    (
        "transfer {0} of order {1} is {2}, and the order does not know it",  # TRF-6
        "SELECT transfers.id, order_id, transfers.state FROM transfers JOIN orders ON orders.id = order_id"
        " WHERE transfers.state IN ('awaiting sender', 'awaiting recipient')"
        " AND orders.transfer_id IS NOT transfers.id",
    ),
    (
        "order {0} is in a transfer and {1}, on invoice {2}",  # TRF-4, TRF-6
        "SELECT id, state, open_invoice_id FROM orders WHERE transfer_id IS NOT NULL"
        " AND (state NOT IN ('active', 'suspended') OR open_invoice_id IS NOT NULL)",
    ),
    (
        "order {0} belongs to account {1}, its last transfer gave it to {2}",  # TRF-5: one owner
        "SELECT orders.id, orders.account_id, recipient_id FROM orders JOIN transfers ON transfers.id ="
        " (SELECT max(id) FROM transfers WHERE order_id = orders.id AND state = 'completed')"
        " WHERE orders.account_id <> recipient_id",
    ),
    (
        "order {0} of account {1} is on the open invoice {2} of account {3}",  # TRF-4
        "SELECT orders.id, orders.account_id, invoices.id, invoices.account_id FROM orders JOIN invoices"
        " ON invoices.id = open_invoice_id WHERE orders.account_id <> invoices.account_id",
    ),
    (
        "transfer {0} is {1}: expires at {2}, ended at {3}",  # TRF-3
        "SELECT id, state, expires_at, ended_at FROM transfers WHERE next_due IS NOT expires_at"
        " OR (state IN ('awaiting sender', 'awaiting recipient')) <> (expires_at IS NOT NULL)"
        " OR (expires_at IS NULL) <> (ended_at IS NOT NULL)"
        " OR json_extract(history, '$[#-1][0]') <> state",
    ),
    (
        "transfer {0} is {1} and was never confirmed",  # TRF-2
        "SELECT id, state FROM transfers WHERE state IN ('awaiting recipient', 'completed', 'declined')"
        " AND (seen_by IS NOT recipient_id OR accept_hash IS NULL)",
    ),
    (
        "{0} {1}: a reference leads nowhere",
        'SELECT "table", rowid FROM pragma_foreign_key_check',
    ),
)


def check_books(conn: Connection) -> list[str]:
    """Everything that is wrong with the money, and with tickets, in words; an empty list if nothing is.

    Debits = credits in every entry; a purse is the sum of its lines; a paid invoice has exactly one payment of its
    whole total, and the books show it; every renewal has its payment and follows the one before; numbers have no gaps;
    orders and open invoices know each other, orders and running transfers too; an order has one owner, and the plan
    that was paid for. Tickets count their messages right, and hold server access only while they are not closed.
    """
    return [
        words.format(*row)
        for words, query in (*_CHECKS, *TICKET_CHECKS)
        for row in conn.exec_driver_sql(f"{query} LIMIT 20").all()
    ]
