from __future__ import annotations

from tools.failures import LINES, SHOWN, describe_first

CASE = '<testcase classname="tests.unit.test_a" name="{}">{}</testcase>'


def write(tmp_path, cases):
    path = tmp_path / "report.xml"
    path.write_text("<testsuites><testsuite>{}</testsuite></testsuites>".format("".join(cases)))
    return path


def test_the_first_failures_are_told_in_order_with_what_was_logged(tmp_path) -> None:
    names = [f"test_{number}" for number in range(SHOWN + 1)]
    failed = [CASE.format(n, f"<failure>E  wrong {n}</failure><system-out>log of {n}</system-out>") for n in names]
    lines = describe_first(write(tmp_path, [CASE.format("test_good", ""), *failed]))
    assert lines[:3] == ["", "tests.unit.test_a::test_0", "E  wrong test_0"]
    assert lines[3] == "log of test_0"
    assert not any("test_good" in line or names[-1] in line for line in lines)


def test_a_long_one_is_cut_in_its_middle(tmp_path) -> None:
    text = "\n".join(f"line {number}" for number in range(LINES * 3))
    lines = describe_first(write(tmp_path, [CASE.format("test_a", f"<error>{text}</error>")]))
    assert (lines[2], lines[-1], len(lines)) == ("line 0", f"line {LINES * 3 - 1}", LINES + 3)


def test_a_run_without_a_report_tells_nothing(tmp_path) -> None:
    assert describe_first(tmp_path / "none.xml") == []
