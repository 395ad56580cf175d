"""Which codec a field has."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Type

from django.db import models

from sb_sync.wire.codecs import numbers, texts
from sb_sync.wire.codecs.codec import Codec
from sb_sync.wire.codecs.documents import document
from sb_sync.wire.codecs.foreign import foreign
from sb_sync.wire.codecs.moments import day, duration, moment, time_of_day

__all__ = ["codec_for", "root_field"]

BY_CLASS: Mapping[Type[Any], Callable[[Any], Codec]] = {
    models.AutoField: numbers.integer,
    models.BigAutoField: numbers.integer,
    models.SmallAutoField: numbers.integer,
    models.IntegerField: numbers.integer,
    models.BigIntegerField: numbers.integer,
    models.SmallIntegerField: numbers.integer,
    models.PositiveIntegerField: numbers.integer,
    models.PositiveBigIntegerField: numbers.integer,
    models.PositiveSmallIntegerField: numbers.integer,
    models.FloatField: numbers.floating,
    models.DecimalField: numbers.decimal,
    models.BooleanField: numbers.boolean,
    models.CharField: texts.string,
    models.EmailField: texts.string,
    models.SlugField: texts.string,
    models.URLField: texts.string,
    models.FilePathField: texts.string,
    models.TextField: texts.text,
    models.UUIDField: texts.uuid,
    models.GenericIPAddressField: texts.address,
    models.BinaryField: texts.binary,
    models.FileField: texts.file,
    models.ImageField: texts.file,
    models.JSONField: document,
    models.DateField: day,
    models.DateTimeField: moment,
    models.TimeField: time_of_day,
    models.DurationField: duration,
}


def codec_for(field: Any) -> Codec:
    """Return the codec of a column; a reference has that of the key it names."""
    root = root_field(field)
    make = BY_CLASS.get(type(root))
    if make is None:
        # A file of any storage and class is shown, never written.
        make = texts.file if isinstance(root, models.FileField) else foreign
    return make(root)


def root_field(field: Any) -> Any:
    """Return the field whose values a reference holds."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field
