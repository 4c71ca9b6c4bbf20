"""The sandbox in the dialect of BILLmanager 5 and 6, at ``/billmgr``: same data, same engine, same rules.

What is served and what is left out stands in docs/billmgr.md. Wire: one endpoint, ``func`` says what is wanted, ``out``
in which form; errors come with HTTP 200; there is no idempotency key.
"""
