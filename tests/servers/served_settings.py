"""The settings of a server of its own process, on the very database of the tests."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

DATABASES["default"]["NAME"] = os.environ["SB_SYNC_SERVED_DATABASE"]
INSTALLED_APPS += ["django.contrib.staticfiles"]
