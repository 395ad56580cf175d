"""Helpers for the project's code and for this package: they know Django and the models, nothing of sync.

bulk: many rows at once · metadata: fields of models · queries: counted, and made well · memory · caching. measurement:
what work took · histogram: the spread of times. For this package alone, chunks: bounds of a statement · any_of: many
keys as one parameter · merging: several sources in one order · counting: many numbers by one statement · prepared,
rows: queries without what Django does around them · collector: garbage put off.
"""

from __future__ import annotations

from sb_sync.optimizations.bulk import BulkCounts, BulkOperations
from sb_sync.optimizations.caching import CacheOptimizer
from sb_sync.optimizations.measurement import Measurement, measure
from sb_sync.optimizations.memory import MemoryOptimizer
from sb_sync.optimizations.metadata import FieldMetadata, ModelMetadataCache
from sb_sync.optimizations.queries import QueryOptimizer

__all__ = [
    "BulkCounts",
    "BulkOperations",
    "CacheOptimizer",
    "FieldMetadata",
    "Measurement",
    "MemoryOptimizer",
    "ModelMetadataCache",
    "QueryOptimizer",
    "measure",
]
