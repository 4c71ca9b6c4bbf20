"""Billing in transactions: what the panel does with accounts, orders, invoices and money."""
