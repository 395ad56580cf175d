"""One pair of functions per type of field: its value to JSON, and JSON to its value.

Only the exact classes of Django have a pair of their own (`choice`); every other field speaks for itself (`foreign`).
Encoders take a value as `values_list` gives it, never None. Decoders take what a JSON parser made, never None, and
raise Django's `ValidationError` in the field's own words. Whether a value is allowed (length, choices, validators)
is not asked here: only what no database could hold, or what one would hold as something else, is refused.
"""

from __future__ import annotations

from sb_sync.wire.codecs.choice import codec_for
from sb_sync.wire.codecs.codec import Codec

__all__ = ["Codec", "codec_for"]
