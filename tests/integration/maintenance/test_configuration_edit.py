"""An edit by somebody who looked at what was set: all of it or nothing, and nothing where it has changed since."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from django.contrib.auth import get_user_model

from sb_sync import catalog, config
from sb_sync.config import SyncConfig
from sb_sync.maintenance.configuration_edit import Edit, OutdatedEdit, apply_edit, read_standing
from sb_sync.models import SyncConfiguration
from sb_sync.refusal import Refused

pytestmark = pytest.mark.django_db

DISCOVERY = "MODEL_DISCOVERY"


@pytest.fixture(autouse=True)
def _forget(db: None) -> Iterator[None]:
    config.refresh()
    yield
    SyncConfiguration.objects.all().delete()
    catalog.refresh()


def edit(**wanted: Any) -> Edit:
    return Edit(DISCOVERY, read_standing(DISCOVERY), **wanted)


def test_keys_are_set_and_reset_together_with_one_reason() -> None:
    SyncConfig.set_config(DISCOVERY, "MODEL_SUFFIX", "V2")
    user = get_user_model().objects.create_user("anna")
    report = apply_edit(
        edit(values={"EXCLUDE_MODELS": ["testapp.Order"]}, removed=frozenset({"MODEL_SUFFIX"})),
        user=user,
        reason="a new app",
    )
    assert read_standing(DISCOVERY) == {"EXCLUDE_MODELS": ["testapp.Order"]}
    assert [moved[0] for moved in report.moved_out] == ["testapp.Order"]
    entries = SyncConfiguration.history.exclude(history_type="+", key="MODEL_SUFFIX")  # type: ignore[attr-defined]
    told = {(entry.key, entry.history_type, entry.history_username, entry.history_change_reason) for entry in entries}
    assert told == {("EXCLUDE_MODELS", "+", "anna", "a new app"), ("MODEL_SUFFIX", "-", "anna", "a new app")}


def test_a_wrong_value_changes_nothing() -> None:
    SyncConfig.set_config(DISCOVERY, "MODEL_SUFFIX", "V2")
    wrong = edit(values={"MODEL_PREFIX": "a b"}, removed=frozenset({"MODEL_SUFFIX"}))
    with pytest.raises(Refused, match="MODEL_PREFIX must be up to 40"):
        apply_edit(wrong)
    assert read_standing(DISCOVERY) == {"MODEL_SUFFIX": "V2"}


@pytest.mark.parametrize(("before", "after"), [(None, "New"), ("Old", None), ("Old", "New")])
def test_what_changed_since_is_told_and_kept(before: Any, after: Any) -> None:
    if before is not None:
        SyncConfig.set_config(DISCOVERY, "MODEL_PREFIX", before)
    outdated = edit(values={"MODEL_SUFFIX": "Mine"})
    if after is None:
        SyncConfig.reset([(DISCOVERY, "MODEL_PREFIX")])
    else:
        SyncConfig.set_config(DISCOVERY, "MODEL_PREFIX", after)
    with pytest.raises(OutdatedEdit, match="MODEL_PREFIX") as caught:
        apply_edit(outdated)
    assert [(each.key, each.before, each.after) for each in caught.value.changes] == [
        ("MODEL_PREFIX", before or "", after or "")
    ]
    assert "MODEL_SUFFIX" not in read_standing(DISCOVERY)


def test_a_change_of_another_section_is_no_matter() -> None:
    mine = edit(values={"MODEL_SUFFIX": "Mine"})
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 7)
    apply_edit(mine)
    assert read_standing(DISCOVERY) == {"MODEL_SUFFIX": "Mine"}


def test_what_others_set_wrongly_counts_as_not_set() -> None:
    mine = edit(values={"MODEL_SUFFIX": "Mine"})
    SyncConfiguration.objects.create(section=DISCOVERY, key="MODEL_PREFIX", value=["wrong"])
    assert read_standing(DISCOVERY) == {}
    apply_edit(mine)
    assert read_standing(DISCOVERY) == {"MODEL_SUFFIX": "Mine"}


def test_a_preview_names_models_as_clients_would_and_tells_which_are_not_served() -> None:
    values = {**config.discovery_values(), "MODEL_PREFIX": "New", "EXCLUDE_MODELS": ["testapp.Order"]}
    found = catalog.preview_models(values)
    assert found.models["testapp.Customer"].public_label == "testapp.NewCustomer"
    assert "testapp.Order" not in found.models
    assert [refusal.model._meta.label for refusal in found.refusals] == ["testapp.Contract"]
    assert catalog.synced_models()["testapp.Customer"].public_label == "testapp.Customer"
    assert "testapp.Order" in catalog.synced_models()
