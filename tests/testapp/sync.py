"""What the tests' project says about its models."""

from __future__ import annotations

from sb_sync import ModelSync, register
from tests.testapp.models import Stand


@register(Stand)
class StandSync(ModelSync):
    """A stand is where its fair is."""

    tenant = "fair__organization"
