from __future__ import annotations

from pathlib import Path

import pytest

from tools import suite
from tools.console import Stop
from tools.suite import Outcome, _part, _read_outcome, report

GOOD = Outcome("sqlite", 3, 0, 0, 1.0)


def write_report(tmp_path, **counts: int):
    path = tmp_path / "report.xml"
    attributes = " ".join(f'{name}="{number}"' for name, number in counts.items())
    path.write_text(f"<testsuites><testsuite {attributes}></testsuite></testsuites>")
    return path


def test_a_report_is_counted_without_failures_errors_and_skipped_tests_among_the_passed(tmp_path) -> None:
    path = write_report(tmp_path, tests=10, failures=2, errors=1, skipped=3)
    assert _read_outcome(path, "sqlite", 1, 1.0)[:4] == ("sqlite", 4, 3, 3)


def test_a_run_without_a_report_counts_as_a_failure(tmp_path) -> None:
    assert _read_outcome(tmp_path / "none.xml", "sqlite", -9, 1.0).failed == 1


def test_a_run_that_breaks_off_after_its_tests_counts_as_a_failure(tmp_path) -> None:
    path = write_report(tmp_path, tests=10, failures=0, errors=0, skipped=0)
    assert _read_outcome(path, "sqlite", 3, 1.0).failed == 1


@pytest.mark.parametrize(
    ("checks", "outcomes", "status"),
    [
        ({}, [GOOD], 0),
        ({"ruff": True}, [GOOD, GOOD._replace(database="postgresql")], 0),
        ({"ruff": False}, [GOOD], 1),
        ({}, [GOOD, GOOD._replace(failed=1)], 1),
        ({}, [GOOD, GOOD._replace(passed=0, remark="no test ran")], 1),
        ({}, [GOOD, GOOD._replace(passed=0, remark="not available")], 0),
        ({}, [GOOD._replace(passed=0, remark="not available")], 1),
    ],
)
def test_the_exit_status_is_zero_only_where_checks_pass_and_tests_ran_and_none_failed(checks, outcomes, status) -> None:
    assert report(checks, outcomes) == status


def test_the_closing_line_stands_alone_and_counts_all_databases(capsys) -> None:
    report({"ruff": True}, [GOOD._replace(skipped=1), GOOD._replace(database="postgresql", failed=2)])
    assert capsys.readouterr().out.splitlines()[-1] == "6 passed, 2 failed, 1 skipped"


def test_a_redis_that_cannot_be_had_is_named_and_fails_where_it_must_not_be_missed(monkeypatch, capsys) -> None:
    def fail(python: Path) -> None:
        raise Stop("no wheel for this machine")

    monkeypatch.setattr(suite, "provide_redis", fail)
    monkeypatch.delenv("CI", raising=False)
    suite.provide_queue(Path("python"))
    assert "NO REDIS" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Stop, match="no wheel"):
        suite.provide_queue(Path("python"))


def test_the_tests_in_a_browser_run_beside_the_others_and_none_twice() -> None:
    assert _part("sqlite", [], is_parted=True) == [
        ("sqlite", ["--ignore=tests/browser"]),
        ("browser", ["tests/browser"]),
    ]
    assert _part("postgresql", [], is_parted=True) == [("postgresql", [])]
    assert _part("sqlite", ["tests/unit"], is_parted=False) == [("sqlite", ["tests/unit"])]
