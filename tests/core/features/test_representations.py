import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from core.errors import InputError
from core.features import (
    REPRESENTATIONS,
    BitPulse,
    Chromagram,
    Cochleagram,
    LogSpectrogram,
    Mel,
    Raw,
    build_representation,
    default_representation,
)

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
USUAL = {"hits": (2, 1400, 4385.0), "ecg": (1, 187, 125.0), "esr": (1, 178, 4097 / 23.6)}  # channels, samples, Hz
EVERY = [(name, preset) for name, kind in REPRESENTATIONS.items() for preset in kind.presets]
IMAGES = ("log_spectrogram", "mel", "chromagram", "cochleagram")
# What there is beside presets: the round trip must know every field.
OTHERS = [
    {"name": "raw", "scaling": "window_zscore", "together": True},
    {"name": "log_spectrogram", "size": [20, 10], "copies": 3, "clip": None, "standardise": True},
    {"name": "log_spectrogram", "two_sided": False, "reference": True, "window": "hann"},
    {"name": "mel", "n_mels": 12, "low_hz": 1.0, "high_hz": 40.0, "clip": [-1, 3]},
    {"name": "chromagram", "n_chroma": 24, "tuning_hz": 442.0, "nfft": 64},
    {"name": "cochleagram", "n_bands": 7, "low_hz": 5.0, "high_hz": 50.0, "hop": 9},
    {"name": "bit_pulse", "bits": 4, "full_scale": 2.0},
]


def of(preset):
    return USUAL.get(preset, USUAL[preset.partition("_")[0]])


def noise(n, n_chans, n_times, seed=0):
    return np.random.default_rng(seed).standard_normal((n, n_chans, n_times)).astype(np.float32)


def tone(hz, fs, n_times, amplitude=1.0):
    """A sine, and I and Q of a complex one of the same frequency."""
    phase = 2 * np.pi * hz * np.arange(n_times) / fs
    real = (amplitude * np.sin(phase))[None, None].astype(np.float32)
    both = (amplitude * np.stack([np.cos(phase), np.sin(phase)]))[None].astype(np.float32)
    return real, both


class TestEveryRepresentation:
    @pytest.mark.parametrize(("name", "preset"), EVERY)
    def test_shape_of_each_preset_round_trip_and_axes(self, name, preset):
        made = build_representation({"name": name, "preset": preset})
        n_chans, n_times, fs = of(preset)
        got = made(noise(3, n_chans, n_times), fs)
        assert got.shape[1:] == made.output_shape(n_chans, n_times)
        assert got.dtype == np.float32
        assert got.flags.c_contiguous
        assert np.isfinite(got).all()
        assert build_representation(json.loads(json.dumps(made.to_json()))) == made
        axes = made.axes(n_chans, n_times, fs)
        assert len(axes.times_s) == got.shape[-1]
        assert (np.diff(axes.times_s) > 0).all()
        assert 0 <= axes.times_s[0] <= axes.times_s[-1] <= n_times / fs
        assert len(axes.rows) in (0, got.shape[-2])
        assert len(set(axes.rows)) == len(axes.rows)

    @pytest.mark.parametrize("spec", OTHERS)
    def test_every_field_comes_back(self, spec):
        made = build_representation(spec)
        assert build_representation(json.loads(json.dumps(made.to_json()))) == made
        assert {key: made.to_json()[key] for key in spec} == spec
        got = made(noise(2, 2, 187), 125.0)
        assert got.shape[1:] == made.output_shape(2, 187)
        assert made.axes(2, 187, 125.0).times_s.shape == got.shape[-1:]

    @pytest.mark.parametrize("name", REPRESENTATIONS)
    def test_each_has_the_three_presets_and_says_what_it_is(self, name):
        assert {"hits", "ecg", "esr"} <= set(REPRESENTATIONS[name].presets)
        assert REPRESENTATIONS[name].title
        assert REPRESENTATIONS[name].help
        for iq in (False, True):
            build_representation(default_representation(name, iq=iq))

    @pytest.mark.parametrize(("name", "preset"), EVERY)
    def test_a_window_is_seen_the_same_whatever_stands_beside_it(self, name, preset):
        made = build_representation({"name": name, "preset": preset})
        n_chans, n_times, fs = of(preset)
        x = noise(259, n_chans, n_times)[:, :, : max(260, n_times // 4)]  # more than a block
        np.testing.assert_allclose(made(x[257:258], fs)[0], made(x, fs)[257], rtol=1e-4, atol=1e-3)

    @pytest.mark.parametrize(("name", "preset"), EVERY)
    def test_silence_is_finite_also_where_only_a_part_is_silent(self, name, preset):
        n_chans, n_times, fs = of(preset)
        x = np.zeros((2, n_chans, n_times), np.float32)
        x[1, :, n_times // 2 :] = noise(1, n_chans, n_times - n_times // 2)[0]
        for fields in ({}, {"clip": None}, {"standardise": True}) if name in IMAGES else ({},):
            assert np.isfinite(build_representation({"name": name, "preset": preset, **fields})(x, fs)).all()

    @settings(deadline=None, max_examples=15)
    @given(exponent=st.integers(-12, 12), name=st.sampled_from(IMAGES), clip=st.sampled_from([None, (0.0, 9.0)]))
    def test_a_louder_image_is_the_same_so_many_decibels_higher(self, exponent, name, clip):
        made = build_representation({"name": name, "preset": "ecg", "clip": clip})
        x = noise(1, 1, 187, seed=exponent + 20)
        higher = made(np.float32(2.0**exponent) * x, 125.0) - made(x, 125.0)
        np.testing.assert_allclose(higher, 20 * exponent * np.log10(2), atol=2e-3)

    @settings(deadline=None, max_examples=15)
    @given(gain=st.floats(1e-3, 1e3), seed=st.integers(0, 9))
    def test_what_loses_amplitude_is_the_same_at_every_gain(self, gain, seed):
        x = noise(2, 2, 187, seed)
        for spec in (
            {"name": "raw", "scaling": "window_minmax"},
            {"name": "raw", "scaling": "window_zscore", "together": True},
            *({"name": name, "preset": "ecg", "standardise": True} for name in IMAGES),
        ):
            made = build_representation(spec)
            np.testing.assert_allclose(made(np.float32(gain) * x, 125.0), made(x, 125.0), atol=5e-3)

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            ({"name": "raw", "scaling": "loud"}, "scaling must be one of none, window_minmax"),
            ({"name": "mel", "n_mels": 0}, "n_mels"),
            ({"name": "mel", "low_hz": float("nan")}, "low_hz"),
            ({"name": "chromagram", "n_chroma": 13}, "multiple of 12"),
            ({"name": "cochleagram", "hop": 0}, "hop"),
            ({"name": "bit_pulse", "bits": 17}, "from 2 to 16"),
            ({"name": "bit_pulse", "full_scale": 0}, "full_scale"),
            ({"name": "log_spectrogram", "size": [3]}, "size"),
            ({"name": "raw", "preset": "hits_picture"}, "preset"),
            ({"name": "mel", "bits": 3}, "cannot be made"),
        ],
    )
    def test_what_cannot_be_is_refused(self, spec, message):
        with pytest.raises(InputError, match=message):
            build_representation(spec)

    @pytest.mark.parametrize(
        ("made", "fs", "message"),
        [
            (Mel(high_hz=100.0), 125.0, "not possible at 125 Hz"),
            (Mel(nfft=32, n_mels=60), 125.0, "lie between the frequencies"),
            (Cochleagram(low_hz=70.0), 125.0, "not possible at 125 Hz"),
            (Cochleagram(hop=200), 125.0, "shorter than a frame"),
            (Chromagram(nfft=256), 125.0, "shorter than a frame"),
            (LogSpectrogram(size=(9, 9), nfft=256), 125.0, "shorter than a frame"),
            (Cochleagram(iq=True), 125.0, "pairs of I and Q"),
        ],
    )
    def test_windows_that_do_not_fit_are_refused(self, made, fs, message):
        with pytest.raises(InputError, match=message):
            made(noise(1, 1, 187), fs)


class TestRaw:
    def test_the_scalings_by_their_formulae(self):
        x = 5 + 3 * noise(4, 2, 100)
        np.testing.assert_array_equal(Raw()(x, 1.0), x)
        each = Raw("window_minmax")(x, 1.0)
        assert (each.min(axis=2) == 0).all()
        assert (each.max(axis=2) == 1).all()
        np.testing.assert_allclose(each[1, 1], (x[1, 1] - x[1, 1].min()) / np.ptp(x[1, 1]), rtol=1e-6)
        scores = Raw("window_zscore")(x, 1.0)
        np.testing.assert_allclose(scores[2, 0], (x[2, 0] - x[2, 0].mean()) / x[2, 0].std(), atol=1e-5)

    def test_i_and_q_scaled_together_keep_their_direction(self):
        x = noise(1, 2, 400) * np.array([[1.0], [0.2]], np.float32)
        for scaling in ("window_zscore", "window_minmax"):
            z = Raw(scaling, together=True)(x, 1.0)
            assert z[0, 1].std() / z[0, 0].std() == pytest.approx(x[0, 1].std() / x[0, 0].std(), rel=1e-5)

    def test_by_recording_each_window_takes_the_levels_of_its_own(self):
        x = noise(3, 1, 50)
        levels = np.array([[[1.0, 2.0]], [[1.0, 2.0]], [[-3.0, 0.0]]])
        made = Raw("recording")
        assert made.needs_levels
        got = made(x, 1.0, levels)
        np.testing.assert_allclose(got[:2], (x[:2] - 1) / 2, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(got[2], x[2] + 3, rtol=1e-6)  # a recording that does not vary is not divided
        # Whatever the others are, a window of this recording stays what it is.
        np.testing.assert_array_equal(made(x[:1], 1.0, levels[:1]), got[:1])

    def test_without_levels_it_says_what_to_do(self):
        with pytest.raises(InputError, match=r"what is usual in it is not known.*another scaling"):
            Raw("recording")(noise(1, 1, 5), 1.0)
        with pytest.raises(InputError, match="levels of shape"):
            Raw("recording")(noise(2, 1, 5), 1.0, np.ones((1, 1, 2)))


class TestLogSpectrogram:
    @pytest.mark.parametrize("name", ["iq", "esr178", "ecg187"])
    def test_golden(self, name):
        with np.load(GOLDEN / f"spectrogram_{name}.npz", allow_pickle=False) as golden:
            meta, x = json.loads(str(golden["meta"])), golden["signal"]
            iq = np.iscomplexobj(x)
            windows = np.stack([x.real, x.imag])[None] if iq else x[None, None]
            fields = {"nfft": meta["nfft"], "hop": meta["hop"], "iq": iq}
            got = LogSpectrogram(**fields)(windows, meta["fs"])[0, 0]
            np.testing.assert_allclose(got, golden["talk_clip_a0_b9"], rtol=1e-5, atol=1e-4)
            published = LogSpectrogram(**fields, reference=True)(windows, meta["fs"])[0]
            np.testing.assert_allclose(published, golden["feature_reference"], rtol=1e-5, atol=1e-4)
            hz = LogSpectrogram(**fields).row_hz(meta["fs"])
            np.testing.assert_allclose(hz, golden["freqs"], atol=1e-9)

    @pytest.mark.parametrize(("fields", "rows"), [({"clip": None}, 5), ({"two_sided": False, "clip": None}, 3)])
    def test_power_by_its_definition(self, fields, rows):
        x = np.array([1.0, 2.0, 0.0, -1.0])
        taper = np.blackman(4)
        k = np.arange(4)
        two_sided = [abs(sum(x * taper * np.exp(-2j * np.pi * m * k / 4))) ** 2 for m in (-2, -1, 0, 1)]
        expected = two_sided if rows == 5 else [two_sided[2], two_sided[3], two_sided[0]]
        got = LogSpectrogram(nfft=4, hop=1, **fields)(x[None, None].astype(np.float32), 4.0)
        np.testing.assert_allclose(10 ** (got[0, 0, :, 0] / 10), expected, rtol=1e-3, atol=1e-6)

    def test_a_picture_is_the_image_drawn_larger_three_times(self):
        x = noise(2, 2, 1400)
        plain = build_representation({"name": "log_spectrogram", "preset": "hits"})(x, 4385.0)[:, 0]
        drawn = build_representation({"name": "log_spectrogram", "preset": "hits_picture"})(x, 4385.0)
        assert drawn.shape == (2, 3, 224, 96)
        assert (drawn[:, 0] == drawn[:, 1]).all()
        assert (drawn[:, 0] == drawn[:, 2]).all()
        place = np.linspace(0, 63, 224)
        expected = np.interp(place, np.arange(64), plain[1, :, 40])
        np.testing.assert_allclose(drawn[1, 0, :, 40], expected, rtol=1e-4)

    def test_standardised(self):
        z = LogSpectrogram(standardise=True)(noise(3, 2, 187), 125.0)
        np.testing.assert_allclose(z.mean(axis=(2, 3)), 0, atol=1e-5)
        np.testing.assert_allclose(z.std(axis=(2, 3)), 1, atol=1e-4)

    def test_small_units_lose_nothing(self):
        x = noise(1, 1, 187)
        made = LogSpectrogram(clip=None)  # EEG in V: some 1e-5
        np.testing.assert_allclose(made(x * np.float32(1e-5), 125.0) + 100, made(x, 125.0), atol=1e-2)


class TestMel:
    def test_energies_by_triangles_and_spectra_of_another_way(self):
        fs, nfft = 1000.0, 64
        x = noise(1, 1, 80)
        got = Mel(nfft=nfft, hop=16, n_mels=4, low_hz=50.0, high_hz=450.0)(x, fs)[0, 0]
        corners_mel = [2595 * np.log10(1 + hz / 700) for hz in (50.0, 450.0)]
        step = (corners_mel[1] - corners_mel[0]) / 5
        corner = [700 * (10 ** ((corners_mel[0] + n * step) / 2595) - 1) for n in range(6)]
        for frame in (0, 1):
            part = x[0, 0, 16 * frame : 16 * frame + nfft] * np.blackman(nfft)
            power = np.abs(np.fft.rfft(part)) ** 2
            for n in range(4):
                weights = np.interp(np.arange(33) * fs / nfft, corner[n : n + 3], [0, 1, 0])
                assert got[n, frame] == pytest.approx(10 * np.log10((weights * power).sum()), abs=1e-3)

    def test_a_tone_is_in_its_row_and_direction(self):
        made = build_representation({"name": "mel", "preset": "hits"})
        hz = made.row_hz(4385.0)
        for sought in (-900.0, 400.0):
            image = made(tone(sought, 4385.0, 1400)[1], 4385.0)[0, 0]
            assert hz[image.mean(axis=1).argmax()] == pytest.approx(sought, rel=0.1)


class TestChromagram:
    def test_octaves_are_one_pitch(self):
        made = Chromagram(nfft=4096, hop=512)
        names, _ = made.row_names(8000.0)
        for hz in (220.0, 440.0, 1760.0):
            image = made(tone(hz, 8000.0, 8000)[0], 8000.0)[0, 0]
            assert names[image.mean(axis=1).argmax()] == "A"
        image = made(tone(261.63, 8000.0, 8000)[0], 8000.0)[0, 0]
        assert names[image.mean(axis=1).argmax()] == "C"

    def test_directions_lie_mirrored(self):
        made = Chromagram(nfft=1024, hop=256, iq=True)
        names, _ = made.row_names(4385.0)
        for hz, name in ((440.0, "A"), (-440.0, "−A")):
            image = made(tone(hz, 4385.0, 4096)[1], 4385.0)[0, 0]
            assert names[image.mean(axis=1).argmax()] == name

    def test_classes_hold_all_the_power_above_zero(self):
        x = noise(1, 1, 187)
        image = Chromagram(nfft=128, hop=2, n_chroma=24)(x, 125.0)[0, 0]
        frame = x[0, 0, :128] * np.blackman(128)
        power = np.abs(np.fft.rfft(frame)) ** 2
        assert (10 ** (image[:, 0] / 10)).sum() == pytest.approx(power[1:].sum(), rel=1e-4)

    def test_a_frequency_between_two_pitches_is_shared_by_distance(self):
        shares = Chromagram()._shares(np.array([0.0, 440.0, 440 * 2 ** (0.25 / 12)]))
        assert not shares[:, 0].any()
        np.testing.assert_allclose(shares[9, 1:], [1, 0.75], atol=1e-9)
        np.testing.assert_allclose(shares[10, 1:], [0, 0.25], atol=1e-9)


class TestCochleagram:
    def test_power_behind_four_filters_in_a_row(self):
        fs, hop, x = 1000.0, 10, noise(1, 1, 100)
        got = Cochleagram(n_bands=3, hop=hop, low_hz=50.0, high_hz=300.0)(x, fs)[0, 0]
        rate = [np.log(1 + 4.37e-3 * hz) for hz in (50.0, 300.0)]
        middle = (np.exp(sum(rate) / 2) - 1) / 4.37e-3
        width = 2 * np.pi * 1.019 * 24.7 * (4.37e-3 * middle + 1)
        pole = np.exp((-width + 2j * np.pi * middle) / fs)
        behind = x[0, 0].astype(complex)
        for _ in range(4):
            behind = lfilter([1 - abs(pole)], [1, -pole], behind)
        power = 2 * (np.abs(behind) ** 2).reshape(-1, hop).mean(axis=1)
        np.testing.assert_allclose(got[1], 10 * np.log10(power), atol=1e-3)

    def test_a_sine_in_the_middle_of_a_band_comes_out_with_its_power(self):
        made = Cochleagram(n_bands=9, hop=100, low_hz=100.0, high_hz=1800.0)
        hz = made.row_hz(4385.0)
        image = made(tone(hz[5], 4385.0, 4000, amplitude=3.0)[0], 4385.0)[0, 0]
        assert image[:, 20].argmax() == 5
        assert image[5, 20] == pytest.approx(10 * np.log10(9 / 2), abs=0.05)

    def test_directions_of_flow(self):
        made = build_representation({"name": "cochleagram", "preset": "hits"})
        hz = made.row_hz(4385.0)
        assert (hz == -hz[::-1]).all()
        image = made(tone(hz[3], 4385.0, 1400, amplitude=2.0)[1], 4385.0)[0, 0]
        assert hz[3] < 0
        assert image[:, 60].argmax() == 3
        assert image[3, 60] == pytest.approx(10 * np.log10(4), abs=0.1)


class TestBitPulse:
    def test_bits_of_known_numbers(self):
        x = np.array([1.0, 0.0, -1.0, 3 / 7, -2 / 7], np.float32)[None, None]
        got = BitPulse(bits=4)(x, 1.0)[0]
        # 7, 0, -7, 3, -2 as two's complement, the sign first
        numbers = ["".join(str(int(bit)) for bit in column) for column in got.T]
        assert numbers == ["0111", "0000", "1001", "0011", "1110"]

    @settings(deadline=None, max_examples=30)
    @given(bits=st.integers(2, 16), seed=st.integers(0, 99), n_chans=st.integers(1, 3))
    def test_the_samples_can_be_told_from_the_bits(self, bits, seed, n_chans):
        x = noise(2, n_chans, 40, seed)
        pulses = BitPulse(bits)(x, 1.0).reshape(2, n_chans, bits, 40)
        assert set(np.unique(pulses)) <= {0.0, 1.0}
        weights = 2.0 ** np.arange(bits - 1, -1, -1)
        weights[0] *= -1
        step = np.abs(x).max(axis=(1, 2)) / (2 ** (bits - 1) - 1)
        back = np.einsum("ncbt,b->nct", pulses, weights) * step[:, None, None]
        assert (np.abs(back - x) <= (0.5 + 1e-3) * step[:, None, None] + 1e-6).all()

    def test_with_a_full_scale_amplitude_survives_and_what_is_beyond_is_clipped(self):
        x = noise(1, 1, 50)
        made = BitPulse(full_scale=10.0)
        assert (made(x, 1.0) != made(2 * x, 1.0)).any()
        beyond = np.array([[[99.0, -99.0]]], np.float32)
        assert made(beyond, 1.0)[0].T.tolist() == [[0, 1, 1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0, 0, 0]]
