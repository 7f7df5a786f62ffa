"""Montages and filters of many channels at once, against sums and filters of one channel at a time, written out."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.signals import (
    Band,
    Channel,
    Derivation,
    Digital,
    Filters,
    Montage,
    Recording,
    apply_filters,
    apply_montage,
    build_pyramid,
    make_montage,
    open_pyramid,
    open_recording,
)
from tests.core.signals.arrays import Floats, Integers, recording
from tests.core.signals.test_edf import write_edf

N = 9000
FILTERS = Filters({"eeg": Band(0.5, 40.0, 50.0), "ecg": Band(None, 35.0), "doppler": Band(2.0)})
KINDS = ("eeg", "eeg", "ecg", "other", "eeg", "doppler_i")


def some_recording(seed, stored, shorter=False):
    """Return six channels of four kinds: floats with gaps of their own, or integers with common gaps and gains below 0."""
    rng = np.random.default_rng(seed)
    n = [N, N, N, N, N - 500 * shorter, N]
    if stored == "integers":
        missing = np.zeros(N, bool)
        for at in rng.integers(0, N, rng.integers(0, 3)):
            missing[at : at + rng.integers(1, 900)] = True
        x = [rng.integers(-3000, 3000, N).astype(np.int16) for _ in n]
        source = Integers(x, [0.5, -0.1, 1.0, -2.0, 0.3, 1.0], [0.0, 5.0, -1e4, 0.0, 0.0, 3.0], missing)
    else:
        x = [rng.standard_normal(length).cumsum() + 100 for length in n]
        for row in x:
            for at in rng.integers(0, N, rng.integers(0, 3)):
                row[at : at + rng.integers(1, 900)] = rng.choice([np.nan, np.inf, -np.inf], p=[0.8, 0.1, 0.1])
        source = Floats(x)
    one = recording(source, 250.0)
    return replace(one, channels=tuple(replace(c, kind=kind) for c, kind in zip(one.channels, KINDS, strict=True)))


def some_montage(rng, channels, common):
    """Return sums of a few channels each, or of all where a reference is common to them."""
    names = [c.name for c in channels]
    rows = []
    for k in range(4):
        weights = dict.fromkeys(names, -0.25) if common and k else {}
        for name in rng.choice(names, rng.integers(1, 4), replace=False):
            weights[str(name)] = float(rng.normal())
        rows.append(Derivation(f"d{k}", tuple(weights.items())))
    return Montage("some", tuple(rows))


def summed(one, derivation, start, stop):
    """Return a derivation as its definition says."""
    total = np.zeros(stop - start)
    with np.errstate(invalid="ignore"):
        for name, weight in derivation.weights:
            total += weight * one.read(name, start, stop)
    return total


def agree(found, expected, spread):
    """Check that both are missing where the other is, and else alike."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * spread)


windows = st.tuples(st.integers(0, N - 500), st.integers(0, N - 500)).map(sorted)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    stored=st.sampled_from(["integers", "floats"]),
    window=windows,
    common=st.booleans(),
    shorter=st.booleans(),
    at_once=st.sampled_from([1, 3000, 1 << 21]),
)
@example(seed=1121, stored="floats", window=[0, 49], common=True, shorter=True, at_once=1)  # infinite of either sign
def test_sums_of_many_channels_are_each_its_definition(seed, stored, window, common, shorter, at_once):
    rng, one = np.random.default_rng(seed), some_recording(seed, stored, shorter and stored == "floats")
    montage = some_montage(rng, one.channels, common)
    window = (window[0], min(window[1], window[0] + 200)) if at_once == 1 else window
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.signals.montage_sums.AT_ONCE", at_once)
        shown = apply_montage(one, montage)
        alike = [k for k in range(4) if shown.channels[k].n_samples == shown.channels[3].n_samples]
        several = rng.permutation(alike).tolist()
        found = shown.digital(several, *window).physical()
    assert found.shape == (len(several), window[1] - window[0])
    for row, k in zip(found, several, strict=True):
        expected = summed(one, montage.derivations[k], *window)
        expected[np.isinf(expected)] = np.nan  # an infinite sample is none
        np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), stored=st.sampled_from(["integers", "floats"]), window=windows)
def test_filters_of_many_channels_are_those_of_each_alone_and_whole(seed, stored, window):
    one, rng = some_recording(seed, stored), np.random.default_rng(seed)
    several = rng.permutation(6)[: rng.integers(1, 7)].tolist()
    found = apply_filters(one, FILTERS).digital(several, *window).physical()
    for row, channel in zip(found, several, strict=True):
        x, known = one.read(channel, 0, N), one.channels[channel]
        alone = apply_filters(replace(recording(Floats([x]), 250.0), channels=(known,)), FILTERS).read(0, 0, N)
        start, stop = window
        if known.kind == "other":
            np.testing.assert_array_equal(row, x[start:stop])
        else:
            agree(row, alone[start:stop], x[np.isfinite(x)].std())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), window=windows)
def test_montage_and_filters_compose_either_way(seed, window):
    one = some_recording(seed, "integers")
    channels = tuple(replace(c, kind="eeg") for c in one.channels)
    one = replace(one, channels=channels)
    montage = some_montage(np.random.default_rng(seed), channels, common=True)
    first = apply_filters(apply_montage(one, montage), FILTERS).digital(range(4), *window).physical()
    second = apply_montage(apply_filters(one, FILTERS), montage).digital(range(4), *window).physical()
    agree(first, second, 3000)  # both are linear


def test_a_montage_of_an_edf_with_gaps_a_bad_channel_and_another_rate(tmp_path):
    rng = np.random.default_rng(0)
    digits = [*rng.integers(-900, 900, (3, 20, 100)), rng.integers(-900, 900, (20, 10))]
    path = write_edf(tmp_path / "x.edf", digits, np.arange(20.0) + 30 * (np.arange(20) >= 9))
    one = open_recording(path)
    names = ("Fp1", "Fp2", "C3", "slow")
    kinds = ("eeg", "eeg", "eeg", "other")
    channels = [replace(c, name=n, kind=k) for c, n, k in zip(one.channels, names, kinds, strict=True)]
    one = replace(one, channels=tuple(channels))
    shown = apply_montage(one, make_montage("average", one, ["Fp2"]), ["Fp2"])
    assert [c.name for c in shown.channels] == ["Fp1-avg", "C3-avg", "slow"]
    n = one.channels[0].n_samples
    found = shown.digital([1, 0], 0, n).physical()
    half = (one.read("C3", 0, n) - one.read("Fp1", 0, n)) / 2
    np.testing.assert_allclose(found, [half, -half], atol=1e-9)
    assert np.isnan(found[0]).sum() == 3000
    np.testing.assert_array_equal(shown.digital([2], 5, 300).physical()[0], one.read("slow", 5, 300))
    with pytest.raises(InputError, match="one by one"):
        shown.digital([0, 2], 0, 10)


def test_the_pyramid_of_what_was_derived_holds_its_extremes(tmp_path):
    one = some_recording(3, "integers")
    shown = apply_filters(apply_montage(one, some_montage(np.random.default_rng(3), one.channels, True)), FILTERS)
    pyramid = build_pyramid(shown, tmp_path)
    whole = shown.digital(range(4), 0, N).physical()
    for channels in ([0, 1, 2, 3], [2]):  # one by one, too, the tables hold what is derived
        for number, (t, low, high) in zip(channels, pyramid.query_page(channels, 0.0, 36.0, 30), strict=True):
            starts = np.rint(t * 250.0).astype(int)
            assert len(t) < 60
            np.testing.assert_allclose(low, np.fmin.reduceat(whole[number], starts), rtol=1e-5, atol=1e-3)
            np.testing.assert_allclose(high, np.fmax.reduceat(whole[number], starts), rtol=1e-5, atol=1e-3)


def test_margins_are_read_once_for_all_channels_of_a_filter():
    one = some_recording(0, "integers")
    one.source.reads.clear()
    shown = apply_filters(one, FILTERS)
    shown.digital(range(6), 4000, 4100)
    assert sorted(channels for channels, _, _ in one.source.reads) == [(0, 1, 4), (2,), (3,), (5,)]
    one.source.reads.clear()
    assert shown.digital(range(6), 4000, 4000).values.shape == (6, 0)
    assert all(start == stop for _, start, stop in one.source.reads)


class Endless:
    """A source of noise that knows no end, and notes the most values it was asked for at once."""

    def read(self, channel, start, stop):
        return self.digital([channel], start, stop).values[0]

    def digital(self, channels, start, stop):
        return Digital.of_floats(np.random.default_rng(start).standard_normal((len(channels), stop - start)))


def endless(n_channels=32):
    names = [f"x{k}" for k in range(n_channels)]
    one = Recording(Path("m"), "test", tuple(Channel(n, 256.0, "µV", 10**9, "eeg") for n in names), Endless())
    average = [Derivation(f"{n}-avg", tuple((m, (m == n) - 1 / n_channels) for m in names)) for n in names]
    return one, apply_montage(one, Montage("average", tuple(average)))


def test_memory_of_a_long_sum_does_not_grow_with_the_channels_that_it_sums():
    _, shown = endless()
    shown.read(0, 0, 10)
    tracemalloc.start()
    shown.read(0, 0, 2_000_000)  # of all, 512 MB
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120_000_000


def test_a_window_that_costs_too_much_is_not_read_before_it_is_built(tmp_path, monkeypatch):
    one, averaged = endless()
    both = apply_filters(averaged, Filters({"eeg": Band(0.5, 40.0, 50.0)}))
    n = 100 * 256
    costs = [some.cost(range(32), n) for some in (one, averaged, both)]
    assert costs[0] == 32 * n
    assert costs == sorted(costs)
    assert both.cost([0], n) > 32 * n  # one channel of an average takes all of them
    assert 3 * costs[2] < both.cost(range(32), 4 * n) < 4 * costs[2]  # margins are the same
    monkeypatch.setattr("core.signals.pyramid.FROM_SAMPLES", costs[1])
    for some, is_read in ((one, True), (averaged, True), (both, False)):
        pyramid = open_pyramid(some, tmp_path)
        (_, low, _), *_ = pyramid.query_page(range(32), 0.0, 90.0, 100)
        assert np.isfinite(low).all() == is_read
        assert np.isnan(low).all() != is_read
        assert np.isfinite(pyramid.query_page(range(32), 0.0, 5.0, 2000)[0][1]).all()  # short ones always are


def test_gaps_of_channels_go_with_them_and_a_sum_lacks_what_any_of_its_channels_lacks():
    gaps, own, other = ((1.0, 2.0),), ((0.0, 0.5), (1.0, 2.5)), ((1.0, 2.0), (2.25, 4.0), (6.0, 7.0))
    some = recording(Floats([np.ones(1000)] * 4), gaps=gaps, channel_gaps={0: own, 2: other})
    sums = [[("c0", 1.0), ("c2", -1.0)], [("c0", 1.0), ("c1", 1.0)], [("c1", 1.0)]]
    montage = Montage("m", tuple(Derivation(f"d{n}", tuple(weights)) for n, weights in enumerate(sums)))
    shown = apply_filters(apply_montage(some, montage), Filters({"other": Band(1.0)}))
    assert [c.name for c in shown.channels] == ["d0", "d1", "d2", "c3"]
    assert shown.gaps == gaps
    assert [shown.gaps_of(n) for n in range(4)] == [
        ((0.0, 0.5), (1.0, 4.0), (6.0, 7.0)),
        own,
        gaps,
        gaps,
    ]
    only = apply_montage(some, Montage("m", (Derivation("d", (("c1", 1.0), ("c0", 0.0))),)))
    assert {c.name: only.gaps_of(n) for n, c in enumerate(only.channels)} == {"d": own, "c2": other, "c3": gaps}
