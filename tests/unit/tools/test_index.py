from __future__ import annotations

import pytest

from tools.index import allows, pip_settings, wheels_of

PAGE = """
<a href="../../packages/pip-25.0.1-py3-none-any.whl#sha256=1" data-requires-python="&gt;=3.8">pip-25.0.1</a>
<a href="https://files.example/pip-26.1-py3-none-any.whl" data-requires-python="&gt;=3.10">pip-26.1</a>
<a href="pip-26.2-py3-none-any.whl" data-requires-python="&gt;=3.10" data-yanked="broken">pip-26.2</a>
<a href="pip-26.3b1-py3-none-any.whl">pip-26.3b1</a>
<a href="pip-24.0.tar.gz">pip-24.0.tar.gz</a>
"""


def test_a_page_of_the_index_gives_its_final_wheels_that_were_not_withdrawn() -> None:
    wheels = wheels_of(PAGE, "https://index.example/simple/pip/")
    assert [(wheel.version, wheel.url) for wheel in wheels] == [
        ((25, 0, 1), "https://index.example/packages/pip-25.0.1-py3-none-any.whl"),
        ((26, 1), "https://files.example/pip-26.1-py3-none-any.whl"),
    ]
    assert [wheel.requires_python for wheel in wheels] == [">=3.8", ">=3.10"]


@pytest.mark.parametrize(
    ("requirement", "python", "expected"),
    [
        ("", (3, 8), True),
        (">=3.8", (3, 8), True),
        (">=3.9", (3, 8), False),
        (">=3.7,!=3.8.*", (3, 8), False),
        (">=3.7,<4", (3, 13), True),
        ("~=3.6", (3, 9), True),
        (">=3", (3, 8), True),
    ],
)
def test_a_requirement_admits_the_pythons_that_it_names(
    requirement: str, python: tuple[int, int], expected: bool
) -> None:
    assert allows(requirement, python) is expected


def test_the_environment_beats_the_file_of_pip(tmp_path, monkeypatch) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://file.example/simple\ncert = /file.pem\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/simple")
    monkeypatch.delenv("PIP_CERT", raising=False)
    settings = pip_settings()
    assert settings["index-url"] == "https://variable.example/simple"
    assert settings["cert"] == "/file.pem"
