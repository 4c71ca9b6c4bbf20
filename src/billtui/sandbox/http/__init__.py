"""The HTTP surface of the reference panel: the Billing API v1 and ``/sandbox``."""
