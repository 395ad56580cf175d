"""JSON kept as it came."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

__all__ = ["DocumentField"]


class DocumentField(models.TextField):  # type: ignore[type-arg]  # not generic at run time
    """JSON as text in ASCII: exactly what was given, in its order.

    A database's own JSON type takes neither a NUL nor half a pair of surrogates and rewrites numbers, and what a
    client sent must be kept whatever it is.
    """

    # What the type checker's plugin reads: any JSON goes in and comes out.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return what the text stands for."""
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        """Return a value as it is: there is no text that stands for another."""
        return value

    def get_prep_value(self, value: Any) -> Any:
        """Return the text."""
        return None if value is None else json.dumps(value, cls=DjangoJSONEncoder, separators=(",", ":"))

    def value_to_string(self, obj: Any) -> str:
        """Return the text for Django's serializers."""
        return str(self.get_prep_value(self.value_from_object(obj)))
