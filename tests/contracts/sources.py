"""The program's own source as syntax trees, each file read once for all tests over it."""

from __future__ import annotations

import ast
import functools
from pathlib import Path


@functools.cache
def text_of(path: Path) -> str:
    """What stands in the file."""
    return path.read_text(encoding="utf-8")


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """Its syntax tree, which nobody changes."""
    return ast.parse(text_of(path))
