"""The reliability diagram against values worked out by hand."""

import numpy as np
import pytest

from core.analysis.calibration import expected_calibration_error, reliability_bins


def test_bins_by_hand() -> None:
    bins = reliability_bins([0.95, 0.91, 0.92, 0.55, 0.1, 0.0], [True, True, False, False, True, False])
    assert [b.n for b in bins] == [2, 1, 3]
    assert bins[2].accuracy == pytest.approx(2 / 3)
    assert bins[2].confidence == pytest.approx((0.95 + 0.91 + 0.92) / 3)
    assert bins[0].confidence == pytest.approx(0.05)
    expected = (2 * abs(0.05 - 0.5) + 1 * 0.55 + 3 * abs(bins[2].confidence - 2 / 3)) / 6
    assert expected_calibration_error(bins) == pytest.approx(expected)


def test_a_calibrated_predictor_has_no_error() -> None:
    generator = np.random.default_rng(0)
    stated = generator.uniform(0, 1, 200_000)
    bins = reliability_bins(stated.tolist(), (generator.uniform(0, 1, 200_000) < stated).tolist())
    assert expected_calibration_error(bins) < 0.01
    assert all(b.low <= b.accuracy <= b.high for b in bins)


def test_nothing_is_no_error() -> None:
    assert expected_calibration_error(reliability_bins([], [])) == 0.0
