"""The builder of Lyapunov results: order, blocks, errors, the neutral exponent, warnings."""

import re

import matplotlib as mpl
import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov import spectrum_from_blocks
from heavytail_snn.core.errors import ParameterError

mpl.use("Agg")


def build(stretches, **options):
    stretches = np.asarray(stretches, dtype=float)
    keywords = {"unit": "1/step", "kind": "map", "tangent_dimension": stretches.shape[1]}
    keywords |= options
    intervals = keywords.pop("intervals", np.full(len(stretches), 2.0))
    return spectrum_from_blocks(stretches, intervals, **keywords)


def test_exponents_are_total_stretch_over_total_time_in_descending_order():
    generator = np.random.default_rng(1)
    stretches = generator.normal([-0.5, 0.4, 0.1], 0.1, (103, 3))
    intervals = generator.uniform(1, 3, 103)
    result = build(stretches, intervals=intervals)
    expected = stretches.sum(axis=0) / intervals.sum()
    np.testing.assert_allclose(result.exponents, expected[[1, 2, 0]], rtol=1e-13)
    np.testing.assert_allclose(result.history[-1], result.exponents, rtol=1e-12)
    assert result.time == pytest.approx(intervals.sum())
    assert result.block_times[-1] == pytest.approx(intervals.sum())
    assert result.complete
    assert result.n_qr == 103
    assert result.entropy_rate == pytest.approx(expected[1] + expected[2])
    assert result.kaplan_yorke_dimension == pytest.approx(
        2 + (expected[1] + expected[2]) / -expected[0]
    )
    assert result.mean_exponent == pytest.approx(expected.mean())
    assert result.positive_fraction == pytest.approx(2 / 3)


def test_standard_errors_cover_the_truth_at_their_rate():
    generator = np.random.default_rng(2)
    z = []
    for _ in range(200):
        result = build(generator.normal([0.3, -0.5], 0.2, (100, 2)), intervals=np.ones(100))
        z.append((result.exponents - [0.3, -0.5]) / result.standard_error)
    assert 0.85 < np.std(z) < 1.4  # t distribution with 9 degrees of freedom: 1.13


def test_derived_numbers_carry_block_errors_of_their_own():
    generator = np.random.default_rng(3)
    values = [
        build(generator.normal([0.3, -0.6], 0.2, (100, 2)), intervals=np.ones(100))
        for _ in range(100)
    ]
    spread = np.std([v.kaplan_yorke_dimension for v in values])
    claimed = np.mean([v.kaplan_yorke_dimension_standard_error for v in values])
    assert claimed == pytest.approx(spread, rel=0.25)


def test_nan_dimension_where_k_is_too_small_and_number_of_exponents_is_never_returned():
    result = build(np.tile([0.4, 0.3], (20, 1)), tangent_dimension=10)
    assert np.isnan(result.kaplan_yorke_dimension)
    assert np.isnan(result.entropy_rate)
    assert np.isnan(result.positive_fraction)
    assert not result.complete
    assert result.warnings[0].startswith("k = 2 is too small")


def test_neutral_exponent_of_an_autonomous_system_is_named():
    result = build(
        np.tile([0.001, -1.0], (50, 1)),
        unit="1/s",
        kind="event",
        autonomous=True,
        tangent_dimension=2,
    )
    assert (result.zero_index, result.kaplan_yorke_dimension, result.entropy_rate) == (0, 1.0, 0.0)
    assert result.lambda_max_nontrivial == pytest.approx(-0.5)
    driven = build(np.tile([0.001, -1.0], (50, 1)))
    assert driven.zero_index is None
    assert driven.kaplan_yorke_dimension > 1


def test_a_fixed_point_of_a_flow_has_no_neutral_exponent():
    result = build(np.tile([-2.0, -3.0], (500, 1)), unit="1/tau", kind="flow", autonomous=True)
    assert result.zero_index is None
    assert result.kaplan_yorke_dimension == 0


def test_vanishing_diagonal_elements_are_counted_and_not_clamped():
    stretches = np.tile([0.2, -0.4, -1.0], (20, 1))
    stretches[3, 2] = -np.inf
    result = build(stretches)
    assert result.exponents[2] == -np.inf
    assert result.n_floored == 1
    assert "-inf" in result.warnings[0]
    assert result.mean_exponent == pytest.approx(-0.05)
    assert np.isnan(result.standard_error[2])
    assert np.isfinite(result.kaplan_yorke_dimension)


def test_a_drifting_run_is_not_converged():
    drift = np.linspace(0.5, 0.1, 200)[:, None] + np.array([0.0, -1.0])
    assert not build(drift).converged
    steady = np.random.default_rng(0).normal([0.3, -0.6], 0.05, (200, 2))
    assert build(steady).converged


def test_history_is_thinned():
    result = build(np.random.default_rng(0).normal(size=(5000, 2)))
    assert 150 <= len(result.history) <= 200
    assert result.history_times[-1] == pytest.approx(10000)


def test_estimates_share_the_names_of_the_theory():
    result = build(np.tile([0.2, -0.4], (20, 1)), n_neurons=2)
    found = {e.name: e for e in result.estimates()}
    assert found["largest_exponent"].unit == "1/step"
    assert found["kaplan_yorke_dimension_per_neuron"].value == pytest.approx(0.75)
    assert set(found) >= {"entropy_rate", "entropy_rate_per_neuron", "positive_fraction"}


def test_export_and_picture():
    result = build(np.random.default_rng(0).normal([0.2, -0.4], 0.1, (40, 2)), seed=5)
    dataset = result.to_xarray()
    assert dataset["exponents"].attrs["unit"] == "1/step"
    np.testing.assert_array_equal(dataset["exponents"], result.exponents)
    axes = result.plot()
    assert "1/step" in axes.get_ylabel()
    assert len(axes.lines[0].get_xdata()) == 2


@pytest.mark.parametrize(
    ("stretches", "options", "name"),
    [
        (np.ones((9, 2)), {}, "log_stretches"),
        (np.ones(20), {"tangent_dimension": 1}, "log_stretches"),
        (np.full((20, 2), np.nan), {}, "log_stretches"),
        (np.full((20, 2), np.inf), {}, "log_stretches"),
        (np.ones((20, 2)), {"intervals": np.zeros(20)}, "intervals"),
        (np.ones((20, 2)), {"n_blocks": 1}, "n_blocks"),
        (np.ones((20, 2)), {"unit": "per step"}, "unit"),
        (np.ones((20, 2)), {"kind": "maps"}, "kind"),
    ],
)
def test_bad_input_is_named(stretches, options, name):
    stretches = np.asarray(stretches, dtype=float)
    keywords = {"unit": "1/step", "kind": "map", "tangent_dimension": 2} | options
    intervals = keywords.pop("intervals", np.ones(len(stretches)))
    with pytest.raises(ParameterError, match=name):
        spectrum_from_blocks(stretches, intervals, **keywords)


def test_a_later_exponent_that_drifts_is_not_converged():
    stretches = np.random.default_rng(0).normal([0.3, -0.6, -0.9], 0.01, (200, 3))
    assert build(stretches).converged
    stretches[:100, 1] += 0.2
    assert not build(stretches).converged


def test_many_exponents_of_a_sound_run_are_converged_as_often_as_one():
    generator = np.random.default_rng(4)
    sound = [
        build(generator.normal(-np.arange(1.0, 41.0), 0.3, (100, 40))).converged for _ in range(100)
    ]
    assert np.mean(sound) > 0.9


@pytest.mark.parametrize(
    ("exponents", "dimension", "expected"),
    [
        # two neutral exponents: a torus, or a cycle, or weak chaos
        ([1e-6, -2e-6], 1, "between 1 and 2"),
        ([0.01, 0.0, -1.0], 2.01, "between 1 and 2.1"),
        ([0.01, 0.0], 2, "between 1 and 2"),
        ([0.01, -0.01, -0.02, -1.0], 1, "between 1 and 3.2"),
    ],
)
def test_signs_within_their_errors_leave_the_dimension_open(exponents, dimension, expected):
    result = build(
        np.tile(exponents, (50, 1)), unit="1/s", kind="event", autonomous=True,
        intervals=np.ones(50),
    )  # fmt: skip
    assert result.kaplan_yorke_dimension == pytest.approx(dimension)
    low, high = (
        float(end) for end in re.findall(r"between (\S+) and ([^;]+)", result.warnings[0])[0]
    )
    reach = max(dimension - low, high - dimension)
    assert result.kaplan_yorke_dimension_standard_error == pytest.approx(reach, abs=1e-3)
    assert not result.converged
    assert expected in result.warnings[0]
    assert "k = " not in result.warnings[0]


def test_an_undecided_first_exponent_of_a_map_leaves_the_dimension_open():
    generator = np.random.default_rng(1)
    result = build(generator.normal([0.0, -0.9], [0.3, 0.01], (100, 2)), intervals=np.ones(100))
    assert abs(result.exponents[0]) < 3 * result.standard_error[0]
    assert "between 0 and 1." in result.warnings[-1]
    assert result.kaplan_yorke_dimension_standard_error > 0.5
    assert not result.converged
    decided = build(generator.normal([0.3, -0.9], [0.3, 0.01], (100, 2)), intervals=np.ones(100))
    assert 1 < decided.kaplan_yorke_dimension < 2


def test_exact_zeros_and_resolved_chaos_leave_nothing_open():
    assert build(np.zeros((20, 3))).kaplan_yorke_dimension == 3
    chaos = build(
        np.tile([1.0, 0.001, -0.001, -3.0], (50, 1)), unit="1/s", kind="event", autonomous=True
    )
    assert chaos.kaplan_yorke_dimension == pytest.approx(3 + 1 / 3)


def test_many_weak_exponents_decide_the_dimension_together():
    generator = np.random.default_rng(2)
    mean = np.array([0.2] * 8 + [-0.1] * 8 + [-1.0] * 8)
    result = build(generator.normal(mean, 1.0, (100, 24)), intervals=np.ones(100))
    assert (result.exponents[:8] < 4 * result.standard_error[:8]).any()
    assert 16 < result.kaplan_yorke_dimension < 18
