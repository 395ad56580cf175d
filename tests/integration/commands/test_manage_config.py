"""manage_config: show, export, import, validate, summary, reset."""

from __future__ import annotations

import io
import json
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from sb_sync import config
from sb_sync.config import SyncConfig, setting
from sb_sync.models import SyncConfiguration

pytestmark = pytest.mark.django_db

VALUES: Dict[Any, Any] = {
    ("SETTINGS", "MAX_BATCH_SIZE"): 500,
    ("SETTINGS", "TOKEN_LIFETIME"): timedelta(days=2, hours=3),
    ("SETTINGS", "REDACT_FIELDS"): ["pin", "größe"],
    ("SETTINGS", "METRICS_SAMPLE_RATE"): 0.5,
    ("MODEL_DISCOVERY", "MODEL_SUFFIX"): "",
    ("MODEL_DISCOVERY", "AUTO_DISCOVER_MODELS"): True,
    ("MODEL_DISCOVERY", "EXCLUDE_MODEL_PATTERNS"): [r"Log$", "^a: b#c"],
    ("MODEL_DISCOVERY", "APP_SPECIFIC_EXCLUSIONS"): {"testapp": ["Shelf"]},
}


@pytest.fixture(autouse=True)
def _nothing_set(db: None) -> Iterator[None]:
    config.refresh()
    yield
    SyncConfig.reset(SyncConfiguration.objects.values_list("section", "key"))


def run(action: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("manage_config", action=action, stdout=out, **options)
    return out.getvalue()


def run_json(action: str, **options: Any) -> Any:
    return json.loads(run(action, json=True, **options))


def write(path: Path, document: Any) -> str:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return str(path)


def stored() -> Dict[Any, Any]:
    return {(row.section, row.key): row.value for row in SyncConfiguration.objects.all()}


@pytest.mark.parametrize(
    ("name", "chosen"), [("x.json", None), ("x.yaml", None), ("x.yml", None), ("x.txt", "yaml"), ("x", None)]
)
def test_what_is_exported_can_be_imported(tmp_path: Path, name: str, chosen: Any) -> None:
    SyncConfig.set_many(VALUES)
    before = stored()
    path = str(tmp_path / name)
    run("export", file=path, format=chosen)
    run("reset", force=True)
    assert stored() == {}
    run("import", file=path, format=chosen)
    assert stored() == before
    assert {place: SyncConfig.get_config(*place) for place in VALUES} == VALUES
    assert SyncConfiguration.history.first().history_change_reason == f"imported from {name}"


def test_without_a_file_the_export_is_printed() -> None:
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 500)
    assert json.loads(run("export")) == {"SETTINGS": {"MAX_BATCH_SIZE": 500}, "MODEL_DISCOVERY": {}}
    assert "MAX_BATCH_SIZE: 500" in run("export", format="yaml")


def test_everything_is_shown_with_its_source(settings: Any) -> None:
    settings.SB_SYNC = {"MAX_PUSH_RECORDS": 5}
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 500)
    told = {(each["section"], each["key"]): each for each in run_json("show")["settings"]}
    assert {(name, key) for name, keys in config.SECTIONS.items() for key in keys} == set(told)
    assert [told["SETTINGS", key]["source"] for key in ("MAX_BATCH_SIZE", "MAX_PUSH_RECORDS", "CAPTURE")] == [
        "database",
        "project",
        "default",
    ]
    assert told["SETTINGS", "TOKEN_LIFETIME"]["value"] == "P7DT00H00M00S"
    table = run("show", section="SETTINGS")
    assert "SETTINGS.MAX_BATCH_SIZE" in table
    assert "MODEL_DISCOVERY" not in table


def test_a_summary_counts() -> None:
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 500)
    SyncConfiguration.objects.create(section="SETTINGS", key="NOTHING", value=1)
    told = run_json("summary")["sections"]["SETTINGS"]
    assert (told["database"], told["faults"]) == (1, 1)
    assert "SETTINGS" in run("summary")


def test_a_file_that_is_half_right_changes_nothing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.json", {"SETTINGS": {"MAX_BATCH_SIZE": 5, "LOG_FORMAT": "xml", "NOTHING": 1}, "ODD": {"A": 1}}
    )
    with pytest.raises(CommandError) as refused:
        run("import", file=path)
    assert len(str(refused.value).splitlines()) == 3
    assert stored() == {}
    found = run_error("validate", file=path, json=True)
    assert found["valid"] is False
    assert len(found["errors"]) == 3


def run_error(action: str, **options: Any) -> Any:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("manage_config", action=action, stdout=out, **options)
    assert ended.value.code == 1
    return json.loads(out.getvalue())


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi")
)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.json", "{", "is not JSON"),
        ("x.json", "[" * 100_000, "is not JSON"),
        ("x.json", '{"SETTINGS": {"CAPTURE": [], "CAPTURE": []}}', "stands there twice"),
        ("x.json", "[]", "must hold sections"),
        ("x.json", '{"SETTINGS": [1]}', "must hold keys"),
        ("x.json", '{"SETTINGS": {"METRICS_SAMPLE_RATE": NaN}}', "must be a number"),
        ("x.json", " " * 1_100_000, "larger than"),
        ("x.yaml", "SETTINGS: [", "is not YAML"),
        ("x.yaml", "[" * 5000, "is not YAML"),
        ("x.yaml", BOMB, "aliases"),
        ("x.yaml", "SETTINGS: &x {CAPTURE: []}\nMODEL_DISCOVERY: *x", "aliases"),
        ("x.yaml", "!!python/object/apply:os.system ['true']", "is not YAML"),
        ("x.yaml", "SETTINGS: {CAPTURE: [], CAPTURE: []}", "each of them once"),
        ("x.yaml", "1: {}", "keys must be texts"),
        ("x.yaml", "? [a]\n: b", "keys must be texts"),
        ("x.yaml", "a\x00b", "is not YAML"),
        ("x.yaml", "SETTINGS: {TOKEN_LIFETIME: 2024-01-01}", "must be timedelta"),
        ("x.yaml", "MODEL_DISCOVERY: {EXCLUDE_MODELS: [testapp.Nobody]}", "no installed model"),
        ("x.yaml", "just words", "must hold sections"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, name: str, content: str, told: str) -> None:
    path = write(tmp_path / name, content)
    for action in ("import", "validate"):
        with pytest.raises(CommandError, match=told):
            run(action, file=path)
    assert stored() == {}


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="is not JSON"):
        run("import", file=str(tmp_path / "x.json"))


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run("import", file=str(tmp_path / "none.json"))
    with pytest.raises(CommandError, match="cannot be read: Is a directory"):
        run("import", file=str(tmp_path))
    with pytest.raises(CommandError, match="cannot be written"):
        run("export", file=str(tmp_path / "none" / "x.json"))
    assert os.listdir(str(tmp_path)) == []


def test_an_import_overwrites_only_by_force(tmp_path: Path) -> None:
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 1)
    path = write(tmp_path / "x.json", {"SETTINGS": {"MAX_BATCH_SIZE": 2, "MAX_PUSH_RECORDS": 3}})
    for dry_run in (False, True):
        with pytest.raises(CommandError, match=r"SETTINGS\.MAX_BATCH_SIZE.*--force"):
            run("import", file=path, dry_run=dry_run)
    assert stored() == {("SETTINGS", "MAX_BATCH_SIZE"): 1}
    told = run_json("import", file=path, force=True, dry_run=True)
    assert told["dry_run"] is True
    assert [(each["key"], each["before"], each["after"]) for each in told["changes"]] == [
        ("MAX_BATCH_SIZE", 1, 2),
        ("MAX_PUSH_RECORDS", 10_000, 3),
    ]
    assert stored() == {("SETTINGS", "MAX_BATCH_SIZE"): 1}
    run("import", file=path, force=True)
    assert (setting("MAX_BATCH_SIZE"), setting("MAX_PUSH_RECORDS")) == (2, 3)


def test_an_import_tells_which_models_move(tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", {"MODEL_DISCOVERY": {"EXCLUDE_MODELS": ["testapp.Shelf"]}})
    told = run_json("import", file=path, dry_run=True)
    assert [each["model"] for each in told["moved_out"]] == ["testapp.Shelf"]
    text = run("import", file=path)
    assert "- testapp.Shelf: excluded by EXCLUDE_MODELS" in text
    assert "+ testapp.Shelf" in run("reset", section="MODEL_DISCOVERY", force=True)


def test_a_reset_wants_to_be_meant_and_may_be_narrow() -> None:
    SyncConfig.set_many(VALUES)
    with pytest.raises(CommandError, match="--force"):
        run("reset")
    assert len(run_json("reset", dry_run=True)["changes"]) == len(VALUES) - 2
    assert len(stored()) == len(VALUES)
    run("reset", section="SETTINGS", key=["MAX_BATCH_SIZE"], force=True, reason="too small")
    assert ("SETTINGS", "MAX_BATCH_SIZE") not in stored()
    assert SyncConfiguration.history.first().history_change_reason == "too small"
    run("reset", section="SETTINGS", force=True)
    assert {section for section, _ in stored()} == {"MODEL_DISCOVERY"}
    with pytest.raises(CommandError, match="NOTHING"):
        run("reset", section="NOTHING", force=True)
    with pytest.raises(CommandError, match=r"SETTINGS\.NOTHING"):
        run("reset", section="SETTINGS", key=["NOTHING"], force=True)


def test_what_other_hands_set_is_told_of_and_can_be_taken_away() -> None:
    SyncConfiguration.objects.create(section="SETTINGS", key="NOTHING", value=1)
    SyncConfiguration.objects.create(section="ODD", key="MAX_BATCH_SIZE", value=1)
    SyncConfiguration.objects.create(section="SETTINGS", key="MAX_BATCH_SIZE", value="many")
    SyncConfiguration.objects.create(section="MODEL_DISCOVERY", key="EXCLUDE_MODELS", value=["gone.Model"])
    assert len(run_error("validate", json=True)["errors"]) == 4
    with pytest.raises(CommandError, match=r"gone\.Model"):
        run("validate")
    run("reset", force=True)
    assert stored() == {}
    assert "is right" in run("validate")
    assert run_json("validate") == {"valid": True, "errors": []}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"action": "import"}, "needs --file"),
        ({"action": "show", "file": "x"}, "--file belongs to"),
        ({"action": "export", "force": True}, "--force belongs to"),
        ({"action": "reset", "key": ["X"]}, "--key needs --section"),
        ({"action": "show", "section": "NOTHING"}, "is no section"),
        ({"action": "explode"}, "invalid choice"),
    ],
)
def test_options_that_do_not_belong_are_refused(options: Dict[str, Any], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        call_command("manage_config", **options)


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_at_once_one_comes_after_the_other(tmp_path: Path) -> None:
    keys = ["MAX_BATCH_SIZE", "MAX_PUSH_RECORDS", "LOG_BODY_BYTES", "FEED_RETENTION_DAYS", "LOG_RETENTION_DAYS"]
    files = [write(tmp_path / f"{number}.json", {"SETTINGS": dict.fromkeys(keys, number)}) for number in range(11, 15)]
    failures: List[BaseException] = []
    barrier = threading.Barrier(len(files))

    def work(path: str) -> None:
        try:
            barrier.wait(timeout=30)
            run("import", file=path, force=True)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    for _ in range(3):
        threads = [threading.Thread(target=work, args=(path,)) for path in files]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert failures == []
        assert len(set(stored().values())) == 1
        assert set(stored()) == {("SETTINGS", key) for key in keys}
        SyncConfiguration.objects.all().delete()
