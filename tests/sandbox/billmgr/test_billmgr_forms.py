"""Forms of answers and of requests: the same tree in each, and whatever comes in is read or refused (wire: 2, 3)."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billtui.sandbox.billmgr import encode
from billtui.sandbox.billmgr.nodes import Doc, Node, scalars
from billtui.sandbox.billmgr.request import UnreadableBody, read_form

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=20)
NAMES = st.from_regex(r"[a-z][a-z0-9.]{0,6}", fullmatch=True).filter(lambda name: name != "doc")
ATTRS = st.dictionaries(st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), TEXTS, max_size=3)
LEAVES = st.builds(Node, TEXTS, ATTRS)


def _nested(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    children = st.lists(st.tuples(st.one_of(NAMES, st.sampled_from(sorted(encode.ARRAYS))), inner), max_size=4)
    return st.builds(Node, TEXTS, ATTRS, children)


TREES = st.recursive(LEAVES, _nested, max_leaves=12)
Plain = tuple[str, frozenset[tuple[str, str]], dict[str, list[Any]]]


def of_node(node: Node) -> Plain:
    """A tree by what it says: text, attributes, children of each name in their order."""
    children: dict[str, list[Any]] = {}
    for name, child in node.children:
        children.setdefault(name, []).append(of_node(child))
    return node.text, frozenset(node.attrs.items()), children


def of_json(value: dict[str, Any]) -> Plain:
    attrs = frozenset((name[1:], text) for name, text in value.items() if name.startswith("$") and name != "$")
    children = {
        name: [of_json(one) for one in (inner if isinstance(inner, list) else [inner])]
        for name, inner in value.items()
        if not name.startswith("$")
    }
    return value.get("$", ""), attrs, children


def of_xml(element: ElementTree.Element) -> Plain:
    children: dict[str, list[Any]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(of_xml(child))
    return element.text or "", frozenset(element.attrib.items()), children


@given(TREES)
@settings(max_examples=150)
def test_json_and_xml_say_the_same(tree: Node) -> None:
    expected = of_node(tree)
    assert of_json(json.loads(encode.as_json(tree))["doc"]) == expected
    text, attrs, children = of_xml(ElementTree.fromstring(encode.as_xml(tree, {})))
    children["tparams"] = children["tparams"][:-1]
    if not children["tparams"]:
        del children["tparams"]
    assert (text, attrs, children) == expected


ROW = st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), LEAVES, min_size=1, max_size=5)


@given(st.lists(ROW, max_size=4))
@settings(max_examples=100)
def test_flat_json_says_the_same_of_lists(rows: list[dict[str, Node]]) -> None:
    doc = Doc()
    for row in rows:
        doc.add("elem", scalars(dict(row)))
    flat = json.loads(encode.as_bjson(doc)).get("elem", [])
    wrapped = json.loads(encode.as_json(doc))["doc"].get("elem", [])
    for bare, full in zip(flat, wrapped, strict=True):
        expected: dict[str, str] = {}
        for name, value in full.items():
            expected[name] = value.get("$", "")
            expected.update({f"{name}_{attr[1:]}": text for attr, text in value.items() if len(attr) > 1})
        assert bare == expected


@given(st.text(max_size=60))
@settings(max_examples=100)
def test_xml_is_well_formed_whatever_stands_in_it(text: str) -> None:
    node = Node("", {"name": text})
    node.put("body", text)
    ElementTree.fromstring(encode.as_xml(node, {"text": text, text: "x"}))


def test_forms_have_their_values_under_model_in_flat_json() -> None:
    doc = Doc(attrs={"func": "f"}, form=True)
    doc.put("domain", "web.example").put("status", "Active", orig="2")
    flat = json.loads(encode.as_bjson(doc))
    assert flat == {"func": "f", "model": {"domain": "web.example", "status": "Active", "status_orig": "2"}}


def test_lists_within_a_form_within_a_form_collapse() -> None:
    inner = Doc()
    inner.add("slist", Node(attrs={"name": "one"})).put("val", "x", key="1")
    outer = Doc()
    outer.add("doc", inner)
    assert json.loads(encode.as_json(outer))["doc"]["doc"]["slist"]["val"] == {"$key": "1", "$": "x"}
    assert json.loads(encode.as_json(inner))["doc"]["slist"][0]["val"] == [{"$key": "1", "$": "x"}]


def test_no_cell_is_a_formula() -> None:
    doc = Doc()
    doc.add("elem", scalars({"name": "=1+1", "other": "+2"}))
    assert encode.as_csv(doc).splitlines()[1] == b"'=1+1;'+2"


NAME_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\\%")
FIELDS = st.dictionaries(
    st.text(NAME_CHARACTERS, min_size=1, max_size=8),
    st.text(st.characters(codec="utf-8"), max_size=20),
    min_size=1,
    max_size=5,
)


@given(FIELDS, st.binary(max_size=200))
@settings(max_examples=100)
def test_both_kinds_of_bodies_are_read(fields: dict[str, str], content: bytes) -> None:
    form = httpx.Request("POST", "http://127.0.0.1/", data=fields)
    assert read_form("", form.headers["content-type"], form.read()).values == fields
    files: Any = {name: (None, value.encode()) for name, value in fields.items()}
    parts = httpx.Request("POST", "http://127.0.0.1/", files={**files, "file_1": ("a b.bin", content)})
    found = read_form("", parts.headers["content-type"], parts.read())
    kept = {name: value for name, value in fields.items() if name != "file_1"}
    assert {name: value for name, value in found.values.items() if name != "file_1"} == kept
    assert (found.files["file_1"].name, found.files["file_1"].content) == ("a b.bin", content)


KINDS = st.sampled_from(["multipart/form-data; boundary=x", "multipart/form-data", "text/plain"])


@given(st.binary(max_size=200), KINDS)
@settings(max_examples=100)
def test_no_body_breaks_the_reading(body: bytes, kind: str) -> None:
    try:
        read_form("", kind, body)
    except UnreadableBody:
        pass


def test_of_a_field_in_query_and_body_the_body_counts() -> None:
    form = read_form("func=whoami&a=1", "application/x-www-form-urlencoded", b"a=2&elid=11%2C+12, 11")
    assert form.values["a"] == "2"
    assert form.ids == ["11", "12"]
    with pytest.raises(UnreadableBody):
        read_form("", "application/json", b"{}")
