from __future__ import annotations

import argparse
from typing import List

import pytest

from tools import bench


@pytest.mark.parametrize(
    "arguments", [[], ["--quick"], ["--help"], ["--json", "file", "--size", "saves=10", "--only", "pull"]]
)
def test_all_options_are_left_for_the_program_that_is_run(arguments: List[str]) -> None:
    parser = argparse.ArgumentParser()
    bench.declare(parser.add_subparsers(dest="command"))
    options = parser.parse_args(["bench", *arguments])
    assert options.arguments == arguments
    assert options.run is bench.run
