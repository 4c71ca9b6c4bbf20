"""The reference billing panel: every rule, in transactions, on SQLite, with a clock, mail and faults of its own."""
