"""What a node of an answer says, whatever shape it came in (wire: BILLmanager 3).

Scalars are ``{"$": "text"}`` or bare, an empty one is ``{}``, a missing one is absent; a list of one may be an object.
Nothing here raises for a shape: what is not there is empty.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer

Doc = dict[str, Any]
"""An object of an answer, as ``out=json`` has it."""
MOST_TEXT: Final = 1_000_000
_TAGS: Final = "a|b|br|blockquote|code|del|div|em|font|h[1-6]|hr|i|img|ins|li|ol|p|pre|s|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul"  # noqa: E501 - one list
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_GONE = re.compile(r"<(del|s|strike)(?:\s[^<>]*)?>[^<>]*</\1\s*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_SPACES = re.compile(r"\s+")
_TRUE: Final = frozenset({"on", "yes", "true", "1"})
_NOTHING: Final = frozenset({"", "null"})


def unwrap(node: Any) -> str:
    """The text of a node: of an object its ``$``, of an array its first; trimmed, and empty where there is none."""
    for _ in range(4):
        if isinstance(node, list):
            node = node[0] if node else None
        elif isinstance(node, Mapping):
            node = node.get("$")
        else:
            break
    if isinstance(node, str):
        return node.strip()
    if isinstance(node, bool):
        return "on" if node else "off"
    if isinstance(node, int | float):
        return str(node)
    return ""


def attribute(node: Any, name: str) -> str:
    """An attribute of a node: its ``$name``; empty where it has none."""
    if isinstance(node, list):
        node = node[0] if node else None
    return unwrap(node.get(f"${name}")) if isinstance(node, Mapping) else ""


def original(node: Any) -> str:
    """The raw value beside a translated one (``$orig``), else the text itself."""
    return attribute(node, "orig") or unwrap(node)


def as_list(node: Any) -> list[Any]:
    """The members of a list node: an array, one object, or nothing at all."""
    if node is None or node == {} or node == "":
        return []
    return node if isinstance(node, list) else [node]


def objects(node: Any) -> list[Doc]:
    """The members of a list node that are objects."""
    return [one for one in as_list(node) if isinstance(one, dict)]


def named(node: Any, name: str) -> Doc:
    """Of several lists or selects the one with this ``$name``; empty where there is none."""
    return next((one for one in objects(node) if attribute(one, "name") == name), {})


def rows_of(doc: Doc, name: str) -> list[Doc]:
    """The rows of a table that a form embeds: ``list[$name=…].elem[]``."""
    return objects(named(doc.get("list"), name).get("elem"))


def options(doc: Doc, name: str) -> list[tuple[str, Doc]]:
    """What a select offers, as key and node; the empty choice ``null`` is left out.

    A form that was recalculated nests the one before in ``doc.doc``, where lists may have collapsed.
    """
    found = named(doc.get("slist"), name)
    inner = doc.get("doc")
    if not found and isinstance(inner, dict):
        found = named(inner.get("slist"), name)
    pairs = [(attribute(one, "key"), one) for one in objects(found.get("val"))]
    return [(key, one) for key, one in pairs if key not in _NOTHING]


def value(doc: Doc, name: str) -> str:
    """A field of a form; of one that was recalculated also from the form before. ``null`` is empty."""
    inner = doc.get("doc")
    text = unwrap(doc.get(name)) or (unwrap(inner.get(name)) if isinstance(inner, dict) else "")
    return "" if text in _NOTHING else text


def is_on(node: Any) -> bool:
    """A flag: ``on``."""
    return original(node).lower() in _TRUE


def plain(text: str) -> str:
    """HTML as one line of text. What is struck out is left out."""
    without = _ANY_TAG.sub(" ", _GONE.sub(" ", text[:MOST_TEXT]))
    return _SPACES.sub(" ", html.unescape(without)).strip()


def body(text: str) -> str:
    """What somebody wrote. It is read as HTML only where tags of text stand in it: else ``<config>`` would be lost."""
    if not _TAG.search(text):
        return text.strip("\r\n")
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text.replace("\r", "").replace("\n", " ")))).strip()


def first_of(row: Doc, *names: str) -> str:
    """The first of these fields that is not empty."""
    return next((text for text in (unwrap(row.get(name)) for name in names) if text), "")


def needed(row: Doc, name: str) -> str:
    """A field without which a row is nothing. Raises :class:`UnreadableAnswer`."""
    text = unwrap(row.get(name))
    if not text or len(text) > 100:
        raise UnreadableAnswer(f"{name} is missing or wrong")
    return text


def walk(node: Any) -> Iterator[Doc]:
    """Every object below ``node``, itself first."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield current
            waiting.extend(reversed(list(current.values())))
        elif isinstance(current, list):
            waiting.extend(reversed(current))
