"""The billing rules as pure functions: facts in, a refusal or a value out.

No function here reads a clock, a file or a network: ``now`` and the ``policy`` are always handed in. A function that
ends in ``_refusal`` answers ``None`` (allowed) or a :class:`~billtui.domain.refusal.Refusal`. ``docs/rules.md`` says
the rules in words and holds the worked examples.

Codes, all stable:

=========================  ================  ==========================================================
code                       rule              when
=========================  ================  ==========================================================
account-id-not-numeric     ACC-1             an account ID with something else than digits
login-is-email             ACC-1             an e-mail address where the login is meant
password-repeat            ACC-2             the two entries of the new password differ
password-too-short         ACC-2             fewer than 10 characters
password-unchanged         ACC-2             the new password is the old one
password-contains-login    ACC-2             the login is part of the new password
password-contains-email    ACC-2             the e-mail is part of the new password
recovery-code-unknown      ACC-3             no such code was sent
recovery-code-used         ACC-3             the code was used before
recovery-code-voided       ACC-3             a newer code, or a new password, took its place
recovery-code-expired      ACC-3             the code is older than 24 hours
api-key-label              ACC-5             an API key without a label, or with a very long one
api-key-expiry             ACC-5             an API key that would end before now
not-a-network              ACC-5             an allowed network that is not written as one
too-many-api-keys          ACC-5             the account has as many API keys as it may
totp-on                    ACC-6             a second factor is on already
totp-off                   ACC-6             there is no second factor
totp-not-begun             ACC-6             no second factor waits for its first code
unknown-notification       ACC-8             no such event, or no such channel
notification-fixed         ACC-8             this warning cannot be turned off
insufficient-funds         ACC-4             one purse alone does not hold the amount
move-one-way               ACC-4             money moves from affiliate to internal only
amount-not-positive        ACC-4, INV-13     an amount of zero or less
currency-mismatch          INV-10            an amount in another currency than the account's
locked-out                 ACC-6             too many failed sign-ins
order-pending              ORD-1             the first invoice is not paid yet
order-cancelled            ORD-1             the order was cancelled before it was paid
order-deleted              ORD-1, ORD-2      the order no longer exists
order-blocked              ORD-2             the paid period is over; it can be renewed
order-suspended            ORD-1             its owner stopped it
not-suspended              ORD-1             it is not stopped, so it cannot be taken up again
confirm-name               ORD-4             the order's name was not typed as it is
unknown-action             ORD-4             no such action
period-over                ORD-5             no paid period is left to bill
addon-other-kind           ORD-5             an add-on of another kind of service than the server's
addon-there                ORD-5             the server has that add-on already
individual-price           ORD-6             the order's price was agreed for the plan that it has
plan-there                 ORD-6             the order has that plan already
plan-other-kind            ORD-6             a plan of another kind of service than the order's
open-invoice               REN-2, ORD-4      an open invoice bills the order already
unknown-period             REN-3             not one of the periods on sale
auto-renew-off             REN-5             auto-renewal is off
auto-renew-too-late        REN-4             it was switched on less than 2 days before the end
auto-renew-not-due         REN-4             the moment has not come yet
already-paid               INV-4             somebody paid it before
not-payable                INV-3             the invoice is deleted or refunded
unknown-method             INV-3             no such payment method
top-up-external-only       INV-13            a top-up cannot be paid from a purse or promised
invoice-promised           INV-5, PRM-9      a promise runs on it
invoice-overdue            INV-5, INV-6      its promise was broken
invoice-combined           INV-5             it lives on inside another invoice
invoice-deleted            INV-5             it is deleted already
invoice-refunded           INV-5             its money was given back
holds-combined             INV-5             it holds combined invoices: split it instead
combine-needs-two          INV-6             fewer than two different invoices
combine-account            INV-6             invoices of different accounts
combine-currency           INV-6             invoices in different currencies
combine-kind               INV-13            a top-up is among them
not-combined               INV-7             nothing to split
promise-too-early          PRM-2             more than 72 hours are left
promise-renewal-only       PRM-4             something else than renewals is on the invoice
promise-running            PRM-6             a promise runs for the invoice or one of its orders
promise-broken             PRM-6             a promise for it was broken and is not paid yet
price-changed              DSC-8             the price is another than the one agreed to
quote-expired              DSC-8             the quote is older than 15 minutes
promo-not-started          DSC-6             the code is not valid yet
promo-expired              DSC-6             the code is no longer valid
promo-used-up              DSC-6             the code has been used as often as it may be
promo-used-by-account      DSC-6             the code is valid once for each account, and was used
promo-not-for-renewals     DSC-6             the code is for new servers only
promo-wrong-period         DSC-6             the code is for other periods
promo-wrong-plan           DSC-6, DSC-4      the code is for other plans, or nothing here can have a discount
promo-wrong-location       DSC-6             the code is for other locations
promo-too-few              DSC-6             the purchase has too few servers that the code is for
names-changed              DSC-8             names that the quote showed are taken meanwhile
unknown-plan               BLK-3             no such plan
unknown-location           BLK-3             no such location
not-sold-there             BLK-2             the plan is not sold in that location
out-of-stock               BLK-2             fewer are left there than were asked for
nothing-to-buy             BLK-6             nothing is left to buy
bulk-limit                 BLK-7             more than 1,000 servers in one request
in-transfer                TRF-4, TRF-6      the order is on its way to another account
unknown-department         TKT-1             a ticket to a department that there is not
subject-missing            TKT-1             a ticket without a subject
subject-too-long           TKT-1             a subject of more than 200 characters
forbidden                  TKT-4             only support reads server access, only its client gives it
no-access-given            TKT-4             there is no server access to be read
access-wiped               TKT-4             the server access went when the ticket closed
reason-missing             TKT-4             server access is read for a reason only
ticket-closed              TKT-5             it was closed more than 14 days ago, or what is asked needs an open one
hold-in-the-past           TKT-5             the time to wake it up is over
answer-it                  TKT-5             a ticket becomes answered by an answer alone
ticket-not-closed          TKT-5             what is not closed cannot be reopened
not-rateable               TKT-5             nobody has answered yet
too-many-attachments       TKT-6             more than 5 with one message
attachment-too-large       TKT-6             larger than 10 MiB
body-missing               TKT-6             a message without a text
body-too-long              TKT-6             a message of more than 1,000,000 characters
no-such-colleague          TKT-8             nobody on the staff has this login
bad-tag                    TKT-8             a tag that is no single word
too-many-tags              TKT-8             more than 20 on a ticket
not-mergeable              TKT-8             another account's, merged already, closed, or itself
tickets-refused            TKT-8             several of many tickets cannot be changed or merged so
not-merged                 TKT-8             it was not merged into another ticket
not-splittable             TKT-8             these messages cannot become a ticket of their own
title-missing              TKT-8             a canned reply without a title
unresolved-placeholder     TKT-8             a placeholder that nothing fills
already-taken              TKT-8             the ticket is one's own already
ticket-merged              TKT-8             its thread goes on in another ticket
thread-moved-on            TKT-9             the writer has not seen the last message
recipient-is-email         TRF-1             an e-mail was typed where the login is meant
recipient-not-found        TRF-1             no client has this login and this account ID together
too-many-wrong-recipients  TRF-1             ten wrong pairs within an hour
transfer-to-self           TRF-4             the recipient is the sender
orders-refused             TRF-4             several orders of a push cannot be transferred
not-the-sender             TRF-2             the step is the sender's
not-the-recipient          TRF-2             the step is the recipient's
already-confirmed          TRF-3             the sender has confirmed it before
not-confirmed-yet          TRF-2             the sender has not confirmed it yet
transfer-over              TRF-3             the transfer has ended
code-used                  TRF-3             the code was used before
wrong-code                 TRF-2             the code is not the one of this transfer and step
too-many-wrong-codes       TRF-2             ten wrong codes for a transfer within an hour
=========================  ================  ==========================================================
"""
