"""The sandbox as a RootPanel gateway, at ``/apih.php`` in any folder: same data, same engine, same rules.

What is served stands in docs/sandbox.md. Wire: RootPanel: one POST is one complete operation; login and API key come
with each of them; both success and failure are HTTP 200; there is no idempotency key.
"""
