"""What reaches a widget is Content or a literal of the program: a plain ``str`` could be markup from a panel.

A test over the syntax tree of every module that knows Textual. It follows names inside one function, annotated
attributes, and functions annotated to give ``Content``; what it cannot prove is a finding.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import billtui
from tests.contracts.sources import text_of, tree_of

SOURCE = Path(billtui.__file__).parent
SAFE_TYPES = {"Content", "Text", "Strip", "QRLines"}
DRAWN_FIRST = {"Static", "Label", "Button", "Option", "Checkbox", "RadioButton", "Tab", "Markdown", "Collapsible"}
"""Widgets that draw their first argument."""
DRAWN_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "label", "title_markup"}


def modules() -> list[Path]:
    """Modules that know Textual."""
    return sorted(path for path in SOURCE.rglob("*.py") if "textual" in text_of(path))


TREES = {path: tree_of(path) for path in modules()}


def _names_type(annotation: ast.expr | None) -> bool:
    """Whether an annotation is one of the safe types (or one of them or ``None``)."""
    if isinstance(annotation, ast.Name):
        return annotation.id in SAFE_TYPES
    if isinstance(annotation, ast.BinOp):
        sides = (annotation.left, annotation.right)
        return all(_names_type(side) or (isinstance(side, ast.Constant) and side.value is None) for side in sides)
    return False


def _lists_type(annotation: ast.expr | None) -> bool:
    """Whether an annotation is a list of a safe type."""
    return isinstance(annotation, ast.Subscript) and _names_type(annotation.slice)


GIVES_CONTENT = {
    node.name
    for tree in TREES.values()
    for node in ast.walk(tree)
    if isinstance(node, ast.FunctionDef) and _names_type(node.returns)
}


class Finder(ast.NodeVisitor):
    """Collects what is not provably safe in one module."""

    def __init__(self) -> None:
        self.findings: list[tuple[int, str]] = []
        self.safe_names: list[set[str]] = [set()]
        self.safe_attributes: set[str] = set()

    # what is safe

    def safe(self, node: ast.expr | None) -> bool:
        if node is None or isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name):
            return any(node.id in names for names in self.safe_names)
        if isinstance(node, ast.Attribute):
            return isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in self.safe_attributes
        if isinstance(node, (ast.IfExp,)):
            return self.safe(node.body) and self.safe(node.orelse)
        if isinstance(node, ast.BoolOp):
            return all(map(self.safe, node.values))
        if isinstance(node, ast.Call):
            return self._safe_call(node.func)
        return False

    def _safe_call(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Name):
            return function.id in SAFE_TYPES | GIVES_CONTENT
        if isinstance(function, ast.Attribute):
            base = function.value
            if isinstance(base, ast.Name) and base.id in SAFE_TYPES:
                return function.attr != "from_markup"
            return function.attr in GIVES_CONTENT or self.safe_content(base)
        return False

    def safe_content(self, node: ast.expr) -> bool:
        """A method of something that is Content gives Content; a method of a literal gives a string."""
        return not isinstance(node, ast.Constant) and self.safe(node)

    # where names become safe

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        before = self.safe_attributes
        self.safe_attributes = {
            target.attr
            for inner in ast.walk(node)
            if isinstance(inner, ast.Assign) and self._content_expression(inner.value)
            for target in inner.targets
            if isinstance(target, ast.Attribute)
        }
        self.generic_visit(node)
        self.safe_attributes = before

    def _content_expression(self, value: ast.expr) -> bool:
        if isinstance(value, ast.IfExp):
            checks = isinstance(value.test, ast.Call) and getattr(value.test.func, "id", "") == "isinstance"
            sides = (value.body, value.orelse)
            return checks and any(isinstance(one, ast.Call) and self._safe_call(one.func) for one in sides)
        return isinstance(value, ast.Call) and self._safe_call(value.func)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        names = {one.arg for one in every if _names_type(one.annotation)}
        self.safe_names.append(names)
        assigned: dict[str, list[ast.expr]] = {}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign):
                for target in inner.targets:
                    if isinstance(target, ast.Name):
                        assigned.setdefault(target.id, []).append(inner.value)
            elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                names |= {inner.target.id} if inner.value and _names_type(inner.annotation) else set()
        for _ in assigned:
            names |= {name for name, values in assigned.items() if all(map(self.safe, values))}
        self.generic_visit(node)
        self.safe_names.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the visitor's own spelling

    # what draws

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if isinstance(node.func, ast.Name) and name in DRAWN_FIRST:
            first = (
                node.args[0]
                if node.args
                else next((k.value for k in node.keywords if k.arg in ("label", "content")), None)
            )
            if not self.safe(first):
                self.findings.append((node.lineno, f"{name}({ast.unparse(first)})" if first else name))
        update = name == "update" and isinstance(node.func, ast.Attribute) and len(node.args) == 1 and not node.keywords
        if update and not self.safe(node.args[0]):
            self.findings.append((node.lineno, f".update({ast.unparse(node.args[0])})"))
        if name == "from_markup":
            self.findings.append((node.lineno, "from_markup"))
        for keyword in node.keywords:
            if keyword.arg == "markup" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            ):
                self.findings.append((node.lineno, "markup may be on"))
            if keyword.arg in ("tooltip", "border_title") and not self.safe(keyword.value):
                self.findings.append((node.lineno, f"{keyword.arg}={ast.unparse(keyword.value)}"))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            drawn = isinstance(target, ast.Attribute) and target.attr in DRAWN_ATTRIBUTES
            own = drawn and isinstance(target.value, ast.Name) and target.value.id == "self" and target.attr == "label"  # type: ignore[attr-defined]  # an Attribute
            if drawn and not own and not self.safe(node.value):
                self.findings.append((node.lineno, ast.unparse(node)))
        self.generic_visit(node)


def findings_of(tree: ast.AST) -> list[tuple[int, str]]:
    finder = Finder()
    finder.visit(tree)
    return finder.findings


@pytest.mark.parametrize("path", TREES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_content_and_literals_reach_widgets(path: Path) -> None:
    found = findings_of(TREES[path])
    assert not found, "\n".join(f"{path}:{line}: {what}" for line, what in found)


@pytest.mark.parametrize(
    "code",
    [
        "def f(name): Static(name)",
        "def f(name): Static(f'{name}')",
        "def f(self, order): self.query_one('#a').update(str(order.name))",
        "def f(self, order): self.query_one('#a').update('x'.join(order.names))",
        "def f(box, title): box.border_title = title",
        "def f(name: str): Button(name)",
        "def f(name: str): Option('a ' + name)",
        "def f(): Content.from_markup('[b]x')",
        "def f(app, m): app.notify(m, markup=True)",
    ],
)
def test_the_test_finds_raw_strings(code: str) -> None:
    assert findings_of(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "def f(name): Static(Content(name))",
        "def f(name): text = Content.assemble(name); Static(text)",
        "def f(name: Content): Static(name)",
        "def f(box): box.border_title = Content('x')",
        "def f(): Static('literal')",
    ],
)
def test_the_test_lets_content_pass(code: str) -> None:
    assert findings_of(ast.parse(code)) == []


def _calls() -> Iterator[tuple[Path, ast.Call, ast.AST]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for parent in ast.walk(tree_of(path)):
            for child in ast.iter_child_nodes(parent):
                if isinstance(child, ast.Call):
                    yield path, child, parent


def test_no_task_is_started_and_forgotten() -> None:
    """A bare create_task swallows errors and may be collected: its result is kept."""
    bare = [
        f"{path}:{call.lineno}"
        for path, call, parent in _calls()
        if getattr(call.func, "attr", getattr(call.func, "id", "")) in ("create_task", "ensure_future")
        and isinstance(parent, ast.Expr)
    ]
    assert not bare


def test_notify_is_called_in_one_place() -> None:
    """Messages go through ``say``, which cleans them and keeps markup off."""
    places = {
        path.name for path, call, _ in _calls() if isinstance(call.func, ast.Attribute) and call.func.attr == "notify"
    }
    assert places <= {"app.py", "guide.py"}, "the program's ``say`` and the guide's"


def test_nothing_opens_a_browser() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(tree_of(path)):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            assert "webbrowser" not in names, path
            assert not (isinstance(node, ast.Attribute) and node.attr == "open_url"), path
