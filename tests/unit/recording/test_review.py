"""Constructions: fourteen traps planted in 30 Poisson units, each named, and none in clean ones.

Each trap is planted alone; the finding must carry its name, and where units were chosen, theirs.
"""

import numpy as np
import pytest

import heavytail_snn as ht
from heavytail_snn.recording.review.together import coincidences

N, T, RATE = 30, 300.0, 10.0


def poisson(seed, n_units=N, duration=T, rate=RATE):
    rng = np.random.default_rng(seed)
    number = rng.poisson(rate * duration, n_units)
    return [np.sort(rng.uniform(0, duration, n)) for n in number], rng


def recording(trains, duration=T, **parts):
    return ht.Recording.from_spike_trains(
        [np.unique(train) for train in trains], 0, duration, **parts
    )


def ramp(seed):
    """From 10 to 0 Hz in all units."""
    trains, rng = poisson(seed)
    return recording([t[rng.uniform(0, T, t.size) > t] for t in trains])


def recorder_off(seed):
    trains, _ = poisson(seed)
    return recording([t[(t < 100) | (t > 200)] for t in trains])


def vanishing(seed):
    trains, _ = poisson(seed)
    return recording([t[t < T / 2] if u in (3, 7, 20) else t for u, t in enumerate(trains)])


def twin(seed):
    trains, rng = poisson(seed)
    trains[11] = np.sort(
        np.clip(trains[4] + 1e-4 + 1e-5 * rng.standard_normal(trains[4].size), 0, T)
    )
    return recording(trains)


def common_artefacts(seed):
    trains, rng = poisson(seed)
    moments = rng.uniform(1, T - 1, 300)
    return recording(
        [np.sort([*t, *(moments + rng.uniform(0, 2e-4, moments.size))]) for t in trains]
    )


def bursting(seed):
    trains, rng = poisson(seed)
    starts = np.sort(rng.uniform(0, T - 1, 600))
    trains[9] = np.sort((starts[:, None] + 4e-3 * np.arange(5)).ravel())
    return recording(trains)


def up_and_down(seed):
    trains, rng = poisson(seed, rate=2 * RATE)
    edges = np.cumsum(rng.exponential(0.5, 2000))
    return recording([t[np.searchsorted(edges, t) % 2 == 0] for t in trains])


def ms_as_s(seed):
    return recording([1e3 * train for train in poisson(seed)[0]], 1e3 * T)


def on_a_grid(seed):
    trains, _ = poisson(seed)
    return recording([np.unique(np.round(t / 0.01)) * 0.01 for t in trains], T + 0.01)


def contaminated(seed):
    trains, rng = poisson(seed)
    more = rng.choice(trains[5], trains[5].size // 10, replace=False) + rng.uniform(2e-4, 1.5e-3)
    trains[5] = np.sort([*trains[5], *more[more < T]])
    return recording(trains)


def labelled(seed):
    trains, _ = poisson(seed)
    return recording(trains, units={"label": ["good"] * 22 + ["mua"] * 4 + ["noise"] * 4})


def twenty_spikes(seed):
    _, rng = poisson(seed)
    return recording([np.sort(rng.uniform(0, T, n)) for n in [1] * 20 + [0] * 10])


def one_unit_fires(seed):
    trains, rng = poisson(seed, rate=0.5)
    trains[2] = np.sort(rng.uniform(0, T, 20_000))
    return recording(trains)


def short(seed):
    return recording(poisson(seed, duration=2.0)[0], 2.0)


TRAPS = {  # function: the name, and the units where some were chosen
    ramp: ("drift", None),
    recorder_off: ("gap", None),
    vanishing: ("absent", (3, 7, 20)),
    twin: ("twins", (4, 11)),
    common_artefacts: ("artefacts", None),
    bursting: ("bursts", (9,)),
    up_and_down: ("silences", None),
    ms_as_s: ("time unit", None),
    on_a_grid: ("grid", None),
    contaminated: ("below 2 ms", 5),
    labelled: ("labels", tuple(range(22, 30))),
    twenty_spikes: ("few spikes", None),
    one_unit_fires: ("of all spikes", 2),
    short: ("short", None),
}


def test_there_are_fourteen():
    assert len(TRAPS) == 14


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("plant", TRAPS, ids=lambda plant: plant.__name__)
def test_each_trap_is_named(plant, seed):
    name, units = TRAPS[plant]
    quality = plant(seed).quality()
    found = {finding.name: finding for finding in quality.findings}
    if name in ("below 2 ms", "of all spikes"):
        assert any(name in text for text in quality.flags[units])
        assert quality.flagged_units.tolist() == [units]
        return
    assert name in found
    assert len(found[name].text) > 60
    if units is not None:
        assert found[name].units == units
    assert name in str(quality)
    assert found[name].text[:20] in quality.review().replace("\n      ", " ")


# what a trap brings with it: twenty spikes are few and units silent in them are no news
ALLOWED = {
    ramp: {"drift"},
    common_artefacts: {"artefacts"},
    ms_as_s: {"time unit"},
    up_and_down: {"silences"},
    one_unit_fires: set(),
}


@pytest.mark.parametrize("plant", TRAPS, ids=lambda plant: plant.__name__)
def test_a_trap_is_not_taken_for_another(plant):
    name, _ = TRAPS[plant]
    names = {finding.name for finding in plant(4).quality().findings}
    assert names <= ALLOWED.get(plant, {name})


def flags_of(seed):
    quality = recording(poisson(seed)[0]).quality()
    return [*quality.findings, *(flag for flags in quality.flags for flag in flags)]


def test_clean_units_raise_no_flag():
    assert not [flag for seed in range(20) for flag in flags_of(1000 + seed)]


@pytest.mark.slow
def test_clean_units_raise_no_flag_in_200_seeds():
    assert not [flag for seed in range(200) for flag in flags_of(2000 + seed)]


def test_clean_units_with_gaps_that_were_told_raise_no_flag():
    for seed in range(5):
        trains, _ = poisson(seed)
        kept = [t[(t < 100) | (t > 200)] for t in trains]
        parted = recording(kept, support=[[0, 100], [200, 300]])
        assert not parted.quality().findings
        assert np.isnan(parted.quality().part_rates[5]).all()
        lost = [t[t < 150] if u < 10 else t for u, t in enumerate(trains)]
        own = [[[0, 150]] if u < 10 else [[0, T]] for u in range(N)]
        told = recording(lost, support=own).quality()
        assert not told.findings
        assert told.presence_ratio.tolist() == [1.0] * N


def test_coincidences_equal_those_of_all_differences():
    trains, _ = poisson(5, n_units=4, duration=20.0, rate=50.0)
    some = recording(trains, 20.0)
    counted = coincidences(some.times, some.ids, 4, 2e-3)
    for i in range(4):
        for j in range(4):
            gaps = np.abs(np.subtract.outer(some.spike_trains()[i], some.spike_trains()[j]))
            assert counted[i, j] == (0 if i == j else (gaps <= 2e-3).sum())


def test_the_remedies_of_the_review_work():
    gap = recorder_off(1)
    (finding,) = gap.quality().findings
    start, stop = (
        float(word) for word in finding.text.split(" s;")[0].split("from ")[1].split(" to ")
    )
    mended = gap.restrict([[0, start], [stop, T]])
    assert not mended.quality().findings
    assert mended.rates().mean() == pytest.approx(RATE, abs=0.2)
    mixed = labelled(1)
    assert not mixed.select(mixed.units.where(label="good")).quality().findings


def test_fast_units_coincide_by_chance_and_are_no_twins():
    """At 400 Hz two of five spikes have one of another unit within half a millisecond."""
    fast = recording(poisson(6, n_units=3, duration=30.0, rate=400.0)[0], 30.0)
    assert "twins" not in {finding.name for finding in fast.quality().findings}
