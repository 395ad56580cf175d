"""The page on helpers does what it says, and so do the examples in their docstrings."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Dict, Iterator

import pytest
from django.core.cache import cache

from sb_sync import optimizations
from tests.docs.pages import read

pytestmark = pytest.mark.django_db

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MODULES = [f"{optimizations.__name__}.{found.name}" for found in iter_modules(optimizations.__path__)]


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_the_page_s_code_runs_from_top_to_bottom() -> None:
    blocks = BLOCK.findall(read("reference/helpers.md"))
    assert len(blocks) >= 6
    names: Dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert sum(block.count("assert ") for block in blocks) >= 7


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


def test_every_helper_has_an_example() -> None:
    finder = doctest.DocTestFinder()
    exampled = {
        found.name.partition(".")[2]
        for name in MODULES
        for found in finder.find(import_module(name), import_module(name).__name__.rpartition(".")[2])
        if found.examples
    }
    classes = [optimizations.BulkOperations, optimizations.CacheOptimizer, optimizations.MemoryOptimizer,
               optimizations.ModelMetadataCache, optimizations.QueryOptimizer]  # fmt: skip
    documented = {
        f"{each.__name__}.{name}"
        for each in classes
        for name, value in vars(each).items()
        if isinstance(value, staticmethod) and name != "clear"
    }
    assert documented <= exampled
