"""The page on background pushes: its project can be imported in any order, and knows tasks and schedule."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import pytest

from sb_sync import tasks
from sb_sync.push.jobs import attempts, leases
from tests.docs.pages import read

PAGE = "how-to/background-pushes.md"
ROOT = Path(__file__).resolve().parents[2]
QUESTION = """
import json
from mysite import celery_app
celery_app.loader.import_default_modules()
print(json.dumps([sorted(celery_app.tasks), sorted(celery_app.conf.beat_schedule), celery_app.conf.broker_url]))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The project of the page, on top of the tests' own settings."""
    files: Dict[str, str] = dict(re.findall(r"```python\n# (mysite/\S+)\n(.*?)```", read(PAGE), re.DOTALL))
    assert set(files) == {"mysite/celery.py", "mysite/__init__.py", "mysite/settings.py"}
    files["mysite/settings.py"] = "from tests.settings import *\n" + files["mysite/settings.py"]
    (tmp_path / "mysite").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_project_of_the_page_knows_tasks_schedule_and_broker(site: Path) -> None:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(site), str(ROOT)]))
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run([sys.executable, "-c", QUESTION], env=environment, stdout=subprocess.PIPE, check=True)
    known, scheduled, broker = json.loads(done.stdout.decode().splitlines()[-1])
    assert {"sb_sync.tasks.bulk_sync_operation", *(entry["task"] for entry in tasks.BEAT_SCHEDULE.values())} <= set(
        known
    )
    assert scheduled == sorted(tasks.BEAT_SCHEDULE)
    assert broker == "redis://localhost:6379/0"


@pytest.mark.parametrize(
    ("sentence", "value"),
    [
        ("It looks every 20 seconds", tasks.RESUMPTION == 20),
        ("its lease runs out after 30 seconds", leases.LEASE == 30),
        ("each is sent again after a minute", leases.DELIVERY == 60),
        ("fails five times in a row", attempts.MAX_ATTEMPTS == 5),
        ("takes longer than half an hour", tasks.HARD_LIMIT == 1800),
        ("takes longer than five minutes", attempts.TURN == 300),
    ],
)
def test_the_numbers_of_the_page_are_those_of_the_code(sentence: str, value: Any) -> None:
    assert sentence in read(PAGE)
    assert value
