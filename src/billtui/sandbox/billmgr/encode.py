"""A tree as JSON, flat JSON, XML or CSV: they say the same (wire: 2.1, 3)."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from billtui.sandbox.billmgr.nodes import NO_NAMES, Doc, Names, Node

JSON_FORMS = frozenset({"json", "xjson", "sjson", "jsondata"})
"""All of one shape; names of formats are taken in any case."""
XML_FORMS = frozenset({"xml", "devel"})
ARRAYS: Names = frozenset(
    {
        *("elem", "slist", "val", "list", "page", "field", "input", "select", "slider", "textdata", "toolgrp"),
        *("toolbtn", "mlist", "message", "file", "rowgroup", "row", "node", "bitem", "item"),
    }
)
"""Arrays in JSON even with one entry, except inside of a form within a form (wire: 3.1, 6 and 7)."""
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TABLES = frozenset({"slist", "list"})
_BESIDE = frozenset({"ok", "slist", "list", "flist", "messages", "metadata", "doc", "elid", "mlist", "tparams"})
"""What of a form does not stand under ``model`` in flat JSON."""


def as_json(doc: Node, *, lone_rows: bool = False, bare_scalars: bool = False) -> bytes:
    """``{"doc": …}``: text in ``$``, attributes with a ``$`` in front.

    ``lone_rows``: a list of one entry is an object; ``bare_scalars``: a scalar without attributes is its text.
    """
    return _dump({"doc": _tree(doc, NO_NAMES if lone_rows else ARRAYS, bare_scalars)})


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def _grouped(node: Node) -> dict[str, list[Node]]:
    groups: dict[str, list[Node]] = {}
    for name, child in node.children:
        groups.setdefault(name, []).append(child)
    return groups


def _tree(node: Node, arrays: Names, bare: bool) -> dict[str, Any]:
    found: dict[str, Any] = {f"${name}": value for name, value in node.attrs.items()}
    for name, group in _grouped(node).items():
        if node.plain:
            found[name] = group[-1].text
            continue
        inner = NO_NAMES if name == "doc" else arrays
        values: list[Any] = [
            one.text if bare and not one.attrs and not one.children else _tree(one, inner, bare) for one in group
        ]
        several = len(values) > 1 or name in arrays or (name in node.arrays and arrays is not NO_NAMES)
        found[name] = values if several else values[0]
    if node.text:
        found["$"] = node.text
    return found


def as_bjson(doc: Doc) -> bytes:
    """Without ``doc`` and without ``$``: bare strings, attributes as ``field_attr`` (wire: 3.3)."""
    flat = _flat(doc)
    if doc.form:
        model = {name: value for name, value in flat.items() if name not in _BESIDE and name not in doc.attrs}
        flat = {**{name: value for name, value in flat.items() if name not in model}, "model": model}
    return _dump(flat)


def _flat(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = dict(node.attrs)
    for name, group in _grouped(node).items():
        if name in _TABLES and all("name" in one.attrs for one in group):
            found[name] = {one.attrs["name"]: [_row(name, child) for _, child in one.children] for one in group}
            continue
        bare = [not one.children for one in group]
        if len(group) == 1 and name not in ARRAYS and name not in node.arrays:
            if bare[0]:
                found[name] = group[0].text
                found.update({f"{name}_{attr}": value for attr, value in group[0].attrs.items()})
            else:
                found[name] = _object(group[0])
        else:
            found[name] = [
                one.text if plain and not one.attrs else _object(one) for one, plain in zip(group, bare, strict=True)
            ]
    return found


def _object(node: Node) -> dict[str, Any]:
    found = _flat(node)
    if node.text:
        found["value"] = node.text
    return found


def _row(kind: str, node: Node) -> dict[str, Any]:
    if kind == "slist":
        more = {name: value for name, value in node.attrs.items() if name != "key"}
        return {"k": node.attrs.get("key", ""), "v": node.text, **more}
    return _flat(node)


def as_xml(doc: Node, parameters: dict[str, str]) -> bytes:
    """``<doc>``; ``tparams`` echoes what was asked, without anything secret."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    echo = Node()
    for name, value in parameters.items():
        if _NAME.fullmatch(name):
            echo.put(name, value)
    whole = Node(doc.text, doc.attrs, [*doc.children, ("tparams", echo)])
    _write(out, "doc", whole)
    return "".join(out).encode()


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("", text)


def _write(out: list[str], name: str, node: Node) -> None:
    attrs = "".join(f" {attr}={quoteattr(_clean(value), _ENTITIES)}" for attr, value in node.attrs.items())
    if not node.children and not node.text:
        out.append(f"<{name}{attrs}/>")
        return
    out.append(f"<{name}{attrs}>{escape(_clean(node.text), _ENTITIES)}")
    for child_name, child in node.children:
        if child.plain:
            for name_of, value in child.children:
                _write(out, child_name, Node(value.text, {"name": name_of}))
        else:
            _write(out, child_name, child)
    out.append(f"</{name}>")


_ENTITIES = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}


def as_csv(doc: Node) -> bytes:
    """The rows of a list, a column for every field that a row has; no cell is taken for a formula."""
    rows = [{name: child.text for name, child in one.children} for one in doc.all("elem")]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name, "")) for name in columns])
    return out.getvalue().encode()


def _cell(text: str) -> str:
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
