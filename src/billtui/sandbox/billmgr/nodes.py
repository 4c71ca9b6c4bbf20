"""An answer as a tree, before it has a form: JSON, flat JSON, XML and CSV are made of the same (wire: 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Names = frozenset[str]
NO_NAMES: Names = frozenset()
ON, OFF = "on", "off"
"""Booleans of this wire (wire: 2)."""
NOTHING = "null"
"""The empty choice of a select (wire: 2)."""


@dataclass(slots=True)
class Node:
    """An element: text, attributes, children in their order."""

    text: str = ""
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[tuple[str, Node]] = field(default_factory=list)
    arrays: Names = NO_NAMES
    """Children that are an array in JSON here even when there is one of them (wire: 3.1, 5 and 6)."""
    plain: bool = False
    """In JSON its children are bare strings (wire: 3.1, 11)."""

    def add(self, name: str, node: Node) -> Node:
        """Put ``node`` at the end, and give it back."""
        self.children.append((name, node))
        return node

    def put(self, name: str, text: str | int = "", **attrs: str) -> Node:
        """A scalar; attributes without the ``$`` of JSON. Gives this node back."""
        self.children.append((name, Node(str(text), attrs)))
        return self

    def all(self, name: str) -> Iterator[Node]:
        """The children of that name."""
        return (node for found, node in self.children if found == name)

    def first(self, name: str) -> Node | None:
        """The first child of that name."""
        return next(self.all(name), None)


@dataclass(slots=True)
class Doc(Node):
    """A whole answer."""

    form: bool = False
    """The values of a form stand under ``model`` in flat JSON (wire: 3.3)."""


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is no tree: a file, a page, a printed invoice."""

    content: bytes
    media_type: str
    file_name: str = ""


def flag(value: object) -> str:
    """``on`` or ``off``."""
    return ON if value else OFF


def scalars(values: Mapping[str, str | int | Node]) -> Node:
    """An element of a list."""
    node = Node()
    for name, value in values.items():
        node.add(name, value if isinstance(value, Node) else Node(str(value)))
    return node


def choices(name: str, values: Iterable[tuple[str, str]], **more: str) -> Node:
    """``slist``: what can be chosen for a field, key and text (wire: 6)."""
    node = Node(attrs={"name": name, **more})
    for key, text in values:
        node.add("val", Node(text, {"key": key}))
    return node


def table(name: str, rows: Iterable[Node]) -> Node:
    """``list``: rows within a form (wire: 6)."""
    node = Node(attrs={"name": name})
    for row in rows:
        node.add("elem", row)
    return node


def done(**values: str | int) -> Doc:
    """A write that went well: ``ok``, and what came of it; names with ``__`` for a dot (wire: 6, success)."""
    doc = Doc()
    doc.put("ok", values.pop("ok", ""))
    for name, value in values.items():
        doc.put(name.replace("__", "."), value)
    return doc
