"""The Billing API v1, this project's own contract; its reference implementation is the sandbox."""
