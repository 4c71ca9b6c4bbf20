"""RootPanel, by its HTTP gateway ``apih.php``: the part of the panel that programs reach.

One POST is one complete operation; login and API key come with each. Most of what it answers is documented nowhere:
what is assumed stands in :mod:`.assumed`, each with the option that says otherwise, and is never coded as fact
elsewhere.
"""
