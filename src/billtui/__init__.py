"""billtui: a terminal program for the bill of a fleet of virtual servers."""

__version__ = "0.1.0"
