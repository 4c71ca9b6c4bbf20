"""BILLmanager 5 and 6: session, ``func=`` calls as forms, answers as ``doc`` with ``$`` texts (wire: BILLmanager)."""
