"""Errors of the configuration; each message is written for the person at the keyboard and names the way out."""

from __future__ import annotations


class ConfigError(Exception):
    """Something in configuration or local files stands in the way."""


class UnsafePath(ConfigError):
    """A file or directory could be read or changed by others, or is not what it should be."""


class SettingsError(ConfigError):
    """The settings file holds values that are not allowed; ``problems`` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ProfileError(ConfigError, ValueError):
    """A profile is missing, already there, or has a value that is not allowed."""


class CredentialError(ConfigError):
    """A secret could not be had or kept; the message never holds any part of it."""


class WrongPassphrase(CredentialError):
    """The passphrase does not open the credentials file (or the file was changed)."""
