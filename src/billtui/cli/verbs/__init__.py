"""The verbs of the command line, each loaded when it runs."""
