"""``billtui profile export|import|edit|rename``"""

from __future__ import annotations

import shlex
from decimal import Decimal
from typing import Any

from billtui.cli.checking import check_driver
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.opening import forget_frames
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_line, can_ask
from billtui.cli.shapes import count
from billtui.cli.verbs.profiles import limit_of, panel_options, profile_json
from billtui.config import profile_files
from billtui.config.accents import accent_problem
from billtui.config.credentials import CredentialStore
from billtui.config.paths import data_dir, typed_path, write_new
from billtui.config.profile_files import Change
from billtui.config.profile_rules import check_name
from billtui.config.profiles import Profile, ProfileBook, make_profile
from billtui.config.secret_sources import EnvironmentSecrets
from billtui.services.store import KnownAccounts

NONE = "none"
"""The word that takes a value away again."""


def export(context: Context) -> Exit:
    """Write profiles to a new file, or to standard output."""
    options, out = context.options, context.out
    book = ProfileBook()
    loaded = book.load()
    chosen = [book.get(name) for name in options.only] if options.only else list(loaded.profiles.values())
    if not chosen:
        raise CliError("not-found", "There are no profiles to export.", Exit.NOT_FOUND)
    text = profile_files.export_text(chosen, commands=options.with_commands)
    names = [profile.name for profile in chosen]
    without = [profile.name for profile in chosen if profile.password_command and not options.with_commands]
    if without:
        out.note(f"Left out: the password_command of {', '.join(without)}; --with-commands writes it.")
    if options.file == "-":
        for line in text.splitlines():
            out.line(line)
        return Exit.DONE
    path = typed_path(options.file)
    try:
        write_new(path, text.encode())
    except FileExistsError:
        raise CliError("file-exists", f"{path} is there already, and is never written over.") from None
    except OSError as error:
        raise CliError("file", f"{path} cannot be written: {error.strerror}.") from None
    if out.as_json:
        out.document("profiles-exported", file=str(path), names=names, without_command=without)
    else:
        out.line(f"{_count(names)} written to {path}. No secret is in it.")
    return Exit.DONE


def take(context: Context) -> Exit:
    """Read profiles from a file: shown, asked about, taken all together or not at all."""
    options, out = context.options, context.out
    if options.file == "-":
        text, where = profile_files.read_stdin(), "standard input"
    else:
        path = typed_path(options.file)
        try:
            text, where = profile_files.read_file(path), str(path)
        except FileNotFoundError:
            raise CliError("not-found", f"There is no file {path}.", Exit.NOT_FOUND) from None
    wanted = profile_files.parse(text, where)
    book = ProfileBook()
    loaded = book.load()
    taken = [profile.name for profile in wanted if _is_there(profile.name, loaded.profiles, loaded.problems)]
    if taken and not options.replace:
        raise CliError(
            "profile-exists",
            f"There {'is a profile' if len(taken) == 1 else 'are profiles'} {', '.join(taken)} already; "
            "nothing was taken.",
            hint="Add --replace to see what would change, and to agree to it.",
        )
    found = profile_files.changes(wanted, loaded.profiles)
    for line in _words(found):
        out.note(line)
    if options.dry_run:
        return _told(context, found, taken=False)
    _agree(context, found)
    if options.without_commands:
        found = [one._replace(profile=_without_command(one)) for one in found]
    for one in found:
        if one.moved and one.before is not None:  # first, so that no moment knows the new way and the old token
            for line in CredentialStore.of(one.before, environment=EnvironmentSecrets()).forget():
                out.note(line)
    book.add_all([one.profile for one in found], replace=options.replace)
    return _told(context, found, taken=True)


def _is_there(name: str, profiles: dict[str, Profile], problems: list[str]) -> bool:
    return name in profiles or any(f"profile {name!r}" in problem for problem in problems)


def _without_command(change: Change) -> Profile:
    """A command of the file is left away; the replaced profile's own stays as :func:`changes` decided."""
    if not _new_command(change):
        return change.profile
    return change.profile.model_copy(update={"password_command": [], "secret_kind": "password"})


def _new_command(change: Change) -> bool:
    before = change.before.password_command if change.before is not None else []
    return bool(change.profile.password_command) and change.profile.password_command != before


def _words(found: list[Change]) -> list[str]:
    """Everything that would be taken, before it is."""
    lines: list[str] = []
    for one in found:
        profile = one.profile
        what = "new" if one.before is None else "replaces the one of this name"
        only = ", read-only" if profile.read_only else ""
        lines.append(f"{profile.name} ({what}): {profile.login or 'no login'} on {profile.url}{only}")
        lines += [f"  {line}" for line in one.differences]
        if one.before is None:
            options = ", ".join(f"{name}={text}" for name, text in sorted(profile.panel_options.items()))
            shown = {
                "kind": profile.kind,
                "panel_options": options,
                "proxy": profile.proxy,
                "ca_file": profile.ca_file,
                "fingerprint": profile.fingerprint,
            }
            lines += [f"  {key}: {value}" for key, value in shown.items() if value]
        if one.dropped_command:
            lines.append("  its own password_command is dropped: the secret would go to another place than before")
        if one.moved:
            lines.append("  its kept sign-in is forgotten: it would go another way than before")
        if _new_command(one):
            command = shlex.join(profile.password_command)
            lines.append(f"  runs this program to get the {profile.secret_kind}: {command}")
    return lines


def _agree(context: Context, found: list[Change]) -> None:
    """Raises CliError unless everything was agreed to; programs to run by themselves."""
    options = context.options
    commands = [one for one in found if _new_command(one)] if not options.without_commands else []
    if not options.yes:
        if not can_ask():
            raise CliError(
                "not-confirmed",
                "There is no terminal to ask on; nothing was taken.",
                hint="Look with --dry-run; --yes takes what it shows"
                + (", and --with-commands the programs as well." if commands else "."),
            )
        if ask_line(f"Take {_count([one.profile.name for one in found])}? [y/N] ").lower() not in ("y", "yes"):
            raise CliError("not-confirmed", "Not agreed; nothing was taken.")
    if not commands or options.with_commands:
        return
    if options.yes or not can_ask():
        raise CliError(
            "command-not-confirmed",
            f"The file names programs that billtui would run ({', '.join(one.profile.name for one in commands)}); "
            "nothing was taken.",
            hint="--with-commands takes them, --without-commands takes the profiles without them.",
        )
    for one in commands:
        command = shlex.join(one.profile.password_command)
        if ask_line(f"Let {one.profile.name} run “{command}”? Type its name to agree: ") != one.profile.name:
            raise CliError("not-confirmed", "Not agreed; nothing was taken.", hint="--without-commands takes the rest.")


def _told(context: Context, found: list[Change], *, taken: bool) -> Exit:
    out = context.out
    if out.as_json:
        items = [
            {
                "profile": profile_json(one.profile),
                "replaces": one.before is not None,
                "differences": list(one.differences),
                "password_command": list(one.profile.password_command),
            }
            for one in found
        ]
        out.document("profiles-imported", dry_run=not taken, items=items)
    elif taken:
        out.line(f"{_count([one.profile.name for one in found])} taken. Sign in with: billtui login --profile NAME")
    else:
        out.line("Dry run: nothing was taken.")
    return Exit.DONE


def _count(names: list[str]) -> str:
    more = ", …" if len(names) > 10 else ""
    return f"{count(len(names), 'profile')} ({', '.join(names[:10])}{more})"


def edit(context: Context) -> Exit:
    """Change single values of a profile; what is not named stays."""
    options, out = context.options, context.out
    book = ProfileBook()
    before = book.get(options.name)
    values = _new_values(options)
    if options.kind:
        values["kind"] = options.kind
    if options.panel_option:
        named = before.panel_options | panel_options(options.panel_option)
        values["panel_options"] = {name: text for name, text in named.items() if text != NONE}
    if not values:
        raise CliError("usage", "Nothing to change was named.", hint="See: billtui profile edit --help")
    after = make_profile(**{**before.model_dump(), **values})
    check_driver(after)
    book.add(after, replace=True)
    if out.as_json:
        out.document("profile", profile=profile_json(after))
        return Exit.DONE
    out.line(f"Profile {after.name}: {after.login or 'no login yet'} on {after.url}")
    if after.url != before.url:
        out.note(f"The kept sign-in was for {before.url} and is not used there: billtui login --profile {after.name}")
    elif after.login != before.login:
        out.note(f"The kept sign-in may be {before.login or 'another login'}'s: billtui login --profile {after.name}")
    return Exit.DONE


def _new_values(options: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if options.url:
        values["url"] = options.url
    if options.login is not None:
        values["login"] = "" if options.login == NONE else options.login
    if options.read_only and options.writable:
        raise CliError("usage", "--read-only and --writable exclude each other.")
    if options.read_only or options.writable:
        values["read_only"] = bool(options.read_only)
    for key in ("ca_file", "fingerprint", "proxy", "accent"):
        text = getattr(options, key)
        if text is not None:
            values[key] = None if text == NONE else text
    if values.get("accent") and (problem := accent_problem(values["accent"])):
        raise CliError("profile", problem)
    if options.confirm_limit is not None:
        values["confirm_limit"] = None if options.confirm_limit == NONE else limit_of(options.confirm_limit)
    if options.confirm_items is not None:
        values["confirm_items"] = _items(options.confirm_items)
    if options.password_command is not None:
        values["password_command"] = [] if options.password_command == [NONE] else options.password_command
    if options.secret_kind:
        values["secret_kind"] = options.secret_kind
    if isinstance(values.get("confirm_limit"), Decimal) and values["confirm_limit"] < 0:
        raise CliError("invalid-amount", "--confirm-limit must not be negative.")
    return values


def _items(text: str) -> int | None:
    if text == NONE:
        return None
    try:
        return int(text)
    except ValueError:
        raise CliError("usage", f"--confirm-items is a whole number or “{NONE}”, not “{text[:20]}”.") from None


def rename(context: Context) -> Exit:
    """Give a profile another name. The kept sign-in goes with it where it is in a keyring."""
    options, out = context.options, context.out
    book = ProfileBook()
    profile = book.get(options.name)
    new = check_name(options.new_name)
    renamed = profile.model_copy(update={"name": new})
    book.rename(profile.name, new)
    forget_frames(data_dir(), profile.name)
    known = KnownAccounts(data_dir())
    if (account := known.get(profile.name, profile.url, profile.login)) is not None:
        known.put(new, account)
        known.forget(profile.name)
    signed_in, left = _move_sign_in(profile, renamed)
    for line in left:
        out.note(line)
    if out.as_json:
        out.document("profile-renamed", name=new, before=profile.name, signed_in=signed_in)
    else:
        out.line(f"Profile {profile.name} is now {new}.")
        if not signed_in and not renamed.password_command:
            out.note(f"Sign in once more: billtui login --profile {new}")
    return Exit.DONE


def _move_sign_in(old: Profile, new: Profile) -> tuple[bool, list[str]]:
    """The token of a keyring under its new name; one in an encrypted file is bound to the old name and forgotten."""
    if old.password_command:
        return False, []
    nothing = EnvironmentSecrets()
    before = CredentialStore.of(old, environment=nothing)
    credential = before.load()
    moved = False
    if credential is not None and credential.source.startswith("keyring"):
        moved = CredentialStore.of(new, environment=nothing).save(credential).where.startswith("keyring")
    return moved, before.forget()
