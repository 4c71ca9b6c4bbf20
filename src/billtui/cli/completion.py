"""Completion scripts for bash, zsh and fish, made from the grammar; they run nothing while completing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from billtui.cli.grammar import COMMON, GROUPS, PROGRAM_OPTIONS, VERBS, Option, Verb

_FILES = ("--password-file", "--plan-out", "--out", "--dir", "--ca-file", "plan")


def first_words() -> list[str]:
    """What may stand first."""
    return [*dict.fromkeys(verb.path[0] for verb in VERBS)]


def second_words(group: str) -> list[str]:
    """What may stand behind a group."""
    return [verb.path[1] for verb in VERBS if len(verb.path) == 2 and verb.path[0] == group]


def _options(verb: Verb) -> list[str]:
    return sorted(
        name for option in verb.all_options() if not option.positional for name in option.names if name[:2] == "--"
    )


def _choices(verb: Verb) -> dict[str, list[str]]:
    """Option → its fixed values."""
    found = {}
    for option in verb.all_options():
        if option.settings.get("choices") and not option.positional:
            found[option.names[-1]] = [str(choice) for choice in option.settings["choices"]]
    return found


def _words(verb: Verb) -> list[str]:
    """Fixed values of its first argument."""
    for option in verb.options:
        if option.positional:
            return [str(choice) for choice in option.settings.get("choices") or ()]
    return []


def _program_options() -> list[str]:
    return sorted(
        {name for option in (*PROGRAM_OPTIONS, *COMMON) for name in option.names if name[:2] == "--"} | {"--help"}
    )


def _valued(options: Iterable[Option]) -> list[str]:
    """Options that something follows: the word behind them is no verb."""
    return sorted({name for one in options if one.takes_value and not one.positional for name in one.names})


def bash() -> str:
    """For ``source <(billtui completion bash)``."""
    valued = "|".join(_valued(COMMON))
    lines = [
        "# bash completion of billtui; load it with: source <(billtui completion bash)",
        "_billtui() {",
        '    local cur prev words="" word skip="" list=""',
        '    cur="${COMP_WORDS[COMP_CWORD]}"',
        '    prev="${COMP_WORDS[COMP_CWORD-1]}"',
        '    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        '        if [ -n "$skip" ]; then skip=""; continue; fi',
        '        case "$word" in',
        f"            {valued}) skip=1 ;;",
        "            -*) ;;",
        '            *) words="$words${words:+ }$word" ;;',
        "        esac",
        "    done",
        '    case "$prev" in',
        f"        {'|'.join(name for name in _FILES if name[0] == '-')})",
        '            COMPREPLY=($(compgen -f -- "$cur")); return ;;',
        "    esac",
        '    case "$words" in',
        f'        "") list="{" ".join([*first_words(), *_program_options()])}" ;;',
    ]
    for group in GROUPS:
        lines.append(f'        "{group}") list="{" ".join([*second_words(group), "--help"])}" ;;')
    for verb in VERBS:
        lines.append(f'        "{verb.name}"|"{verb.name} "*)')
        for option, values in _choices(verb).items():
            lines.append(f'            if [ "$prev" = "{option}" ]; then list="{" ".join(values)}"; else')
        lines.append(f'            list="{" ".join([*_words(verb), *_options(verb), "--help"])}"')
        lines += ["            fi"] * len(_choices(verb))
        if any(option.positional and option.names[0] in _FILES for option in verb.options):
            lines.append('            case "$cur" in -*) ;; *) COMPREPLY=($(compgen -f -- "$cur")); return ;; esac')
        lines.append("            ;;")
    lines += ["    esac", '    COMPREPLY=($(compgen -W "$list" -- "$cur"))', "}", "complete -F _billtui billtui"]
    return "\n".join(lines) + "\n"


def zsh() -> str:
    """For ``billtui completion zsh > "${fpath[1]}/_billtui"``."""
    lines = [
        "#compdef billtui",
        "# zsh completion of billtui; save it as _billtui in a directory of $fpath",
        "_billtui() {",
        "    local -a found rest",
        "    local word skip=''",
        '    for word in "${(@)words[2,CURRENT-1]}"; do',
        "        if [[ -n $skip ]]; then skip=''; continue; fi",
        f"        case $word in {'|'.join(_valued(COMMON))}) skip=1 ;; -*) ;; *) rest+=($word) ;; esac",
        "    done",
        '    case "${words[CURRENT-1]}" in',
        f"        {'|'.join(name for name in _FILES if name[0] == '-')}) _files; return ;;",
        "    esac",
        '    case "${rest[*]}" in',
        f"        '') found=({_described((verb.path[0], _help_of(verb)) for verb in VERBS)}) ;;",
    ]
    for group in GROUPS:
        described = _described(
            (verb.path[1], verb.help) for verb in VERBS if len(verb.path) == 2 and verb.path[0] == group
        )
        lines.append(f"        {group}) found=({described}) ;;")
    for verb in VERBS:
        pattern = verb.name.replace(" ", "\\ ")
        lines.append(f"        {pattern}|{pattern}\\ *)")
        for option, values in _choices(verb).items():
            lines.append(
                f"            [[ ${{words[CURRENT-1]}} == {option} ]] && {{ compadd -- {' '.join(values)}; return }}"
            )
        options = _described((option.names[-1], option.help) for option in verb.all_options() if not option.positional)
        words = " ".join(_words(verb))
        lines += [f"            found=({options})"]
        if words:
            lines.append(f"            compadd -- {words}")
        if any(option.positional and option.names[0] in _FILES for option in verb.options):
            lines.append("            _files")
        lines.append("            ;;")
    lines += ["    esac", "    _describe 'billtui' found", "}", '_billtui "$@"']
    return "\n".join(lines) + "\n"


def _help_of(verb: Verb) -> str:
    return GROUPS[verb.path[0]] if len(verb.path) == 2 else verb.help


def _described(pairs: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"'{name}:{_quoted(text)}'" for name, text in dict(pairs).items())


def _quoted(text: str) -> str:
    return text.replace("'", "").replace(":", "\\:").rstrip(".")


def fish() -> str:
    """For ``billtui completion fish | source``."""
    lines = ["# fish completion of billtui; load it with: billtui completion fish | source", "complete -c billtui -f"]
    for name, text in {verb.path[0]: _help_of(verb) for verb in VERBS}.items():
        lines.append(f"complete -c billtui -n __fish_use_subcommand -a {name} -d '{_plain(text)}'")
    for group in GROUPS:
        there = " ".join(second_words(group))
        condition = f"__fish_seen_subcommand_from {group}; and not __fish_seen_subcommand_from {there}"
        for verb in VERBS:
            if len(verb.path) == 2 and verb.path[0] == group:
                lines.append(f"complete -c billtui -n '{condition}' -a {verb.path[1]} -d '{_plain(verb.help)}'")
    for verb in VERBS:
        condition = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in verb.path)
        for option in verb.all_options():
            if option.positional:
                for choice in option.settings.get("choices") or ():
                    lines.append(f"complete -c billtui -n '{condition}' -a {choice}")
                if option.names[0] in _FILES:
                    lines.append(f"complete -c billtui -n '{condition}' -F")
                continue
            line = f"complete -c billtui -n '{condition}' -l {option.names[-1][2:]} -d '{_plain(option.help)}'"
            if option.settings.get("choices"):
                line += f" -x -a '{' '.join(map(str, option.settings['choices']))}'"
            elif option.names[-1] in _FILES:
                line += " -r -F"
            elif option.takes_value:
                line += " -x"
            lines.append(line)
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return text.replace("\\", "").replace("'", "").rstrip(".")


SCRIPTS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
"""Shell → what makes its script."""
