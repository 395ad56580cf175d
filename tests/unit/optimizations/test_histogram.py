"""Buckets of times hold what they say, and percentiles of them are near the true ones."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from sb_sync.optimizations.histogram import HIGHEST, LOWEST, bucket_of, find_percentile, lower_bound


@pytest.mark.parametrize("seconds", [1e-4, 0.001, 0.0314, 0.5, 1.0, 1.19, 3.0, 100.0])
def test_a_time_lies_in_its_bucket(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert lower_bound(bucket) <= seconds * 1.000001
    assert seconds < lower_bound(bucket + 1)


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, LOWEST), (-1.0, LOWEST), (float("nan"), LOWEST), (1e9, HIGHEST), (float("inf"), HIGHEST)])  # fmt: skip # noqa: E501
def test_every_time_has_a_bucket(seconds: float, bucket: int) -> None:
    assert bucket_of(seconds) == bucket


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("spread", [0.1, 1.0, 2.0])
def test_a_percentile_is_right_within_a_fifth(share: float, spread: float) -> None:
    source = random.Random(7)
    times = sorted(source.lognormvariate(-3, spread) for _ in range(20_000))
    true = times[int(share * len(times))]
    found = find_percentile(Counter(map(bucket_of, times)), share)
    assert found == pytest.approx(true, rel=0.19)


def test_merged_counts_give_the_percentiles_of_all() -> None:
    fast, slow = Counter({-20: 90}), Counter({8: 10})
    assert find_percentile(fast + slow, 0.5) == pytest.approx(2 ** ((-20 + 50 / 90) / 4))
    assert 4.0 <= (find_percentile(fast + slow, 0.95) or 0) <= 4.8
    assert find_percentile({}, 0.5) is None
