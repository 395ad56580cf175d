"""The API described for programs, in OpenAPI 3.1: made of the code's own words, codes and limits.

shapes: what stands in bodies · responses: answers and their headers, errors among them · operations: the addresses ·
document: all of it.
"""

from __future__ import annotations

from sb_sync.api.schema.document import make_document

__all__ = ["make_document"]
