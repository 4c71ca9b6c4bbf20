"""Paths, settings, profiles and credentials. A leaf: it imports nothing else of billtui."""
