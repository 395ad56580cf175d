"""The spread of times in buckets: mergeable by adding, and its percentiles right within a fifth.

A bucket holds the times between two powers of the fourth root of two, each a fifth longer than the one before.
"""

from __future__ import annotations

import math
from typing import Mapping, Optional

__all__ = ["HIGHEST", "LOWEST", "bucket_of", "find_percentile", "lower_bound"]

PER_DOUBLING = 4
#: Bounds: 60 microseconds, and more than an hour. What lies outside counts as the nearest within.
LOWEST, HIGHEST = -14 * PER_DOUBLING, 12 * PER_DOUBLING


def bucket_of(seconds: float) -> int:
    """Return the bucket of a time.

    >>> bucket_of(1.0), bucket_of(2.0), bucket_of(0.0)
    (0, 4, -56)
    """
    # Not a number compares to nothing: it counts as no time.
    if not seconds > lower_bound(LOWEST):
        return LOWEST
    return HIGHEST if seconds >= lower_bound(HIGHEST) else math.floor(math.log2(seconds) * PER_DOUBLING)


def lower_bound(bucket: int) -> float:
    """Return the least time of a bucket, in seconds.

    >>> lower_bound(4)
    2.0
    """
    return float(2.0 ** (bucket / PER_DOUBLING))


def find_percentile(counts: Mapping[int, int], share: float) -> Optional[float]:
    """Return the time below which a share of all times lies, in seconds; None where there are none.

    Within a bucket, times are taken to lie evenly on the scale of the powers.

    >>> find_percentile({0: 50, 4: 50}, 0.5)
    1.189207115002721
    """
    total = sum(counts.values())
    if total <= 0:
        return None
    wanted, seen = share * total, 0
    for bucket in sorted(counts):
        found = counts[bucket]
        if found and seen + found >= wanted:
            inside = min(max((wanted - seen) / found, 0.0), 1.0)
            return float(lower_bound(bucket) * 2.0 ** (inside / PER_DOUBLING))
        seen += found
    return lower_bound(max(counts) + 1)
