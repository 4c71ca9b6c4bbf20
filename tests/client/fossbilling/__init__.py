"""The FOSSBilling driver: against the recordings, and against a panel that stands in."""
