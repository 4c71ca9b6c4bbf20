"""One file per resource of the Billing API."""
