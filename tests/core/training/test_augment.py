"""Augmentation: what it changes, in which view, and that a seed repeats it."""

import math

import pytest
import torch

from core.errors import InputError
from core.training import AUGMENTATIONS, TrainingSpec
from core.training.augment import build_augmentation

DIMS = (3, 4)


def batch(n=40, n_chans=3, n_times=50):
    torch.manual_seed(1)
    ramp = torch.arange(n_times, dtype=torch.float32).expand(n, n_chans, n_times)
    return ramp + 100.0, torch.randn(n, 2, 16, 20) - 60


def augmented(seed=0, views=None, **options):
    views = batch() if views is None else views
    torch.manual_seed(seed)
    return build_augmentation([options], [view.ndim for view in views])(views)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_seed_repeats_it_and_the_data_stay_as_they_are(name):
    before, same = batch(), batch()
    one, again, other = (augmented(seed, before, name=name) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(before, same, strict=True))
    changed = {("raw", "log_spectrogram")[n] for n in range(2) if not torch.equal(one[n], before[n])}
    assert changed == set(AUGMENTATIONS[name].views)
    assert [view.shape for view in one] == [view.shape for view in before]
    assert all(view.dtype == torch.float32 for view in one)


def test_both_views_of_an_event_are_shifted_by_the_same_time():
    n, n_times, n_frames = 60, 1000, 100
    raw = torch.arange(n_times, dtype=torch.float32).expand(n, 1, n_times)
    image = torch.arange(n_frames, dtype=torch.float32).expand(n, 1, 8, n_frames)
    moved = augmented(0, (raw, image), name="time_shift", most=0.3)
    by_samples, by_frames = (moved[0] - raw)[:, 0, 500], (moved[1] - image)[:, 0, 0, 50]
    torch.testing.assert_close(by_samples / n_times, by_frames / n_frames, atol=0.006, rtol=0)
    assert by_samples.abs().max() <= 300
    assert by_samples.min() < -200 < 200 < by_samples.max()
    assert moved[0].min() == 0  # edges are repeated, nothing comes in from the other side
    assert all((event.diff() >= 0).all() for event in moved[0])


def test_both_views_of_an_event_get_the_same_gain():
    raw, image = batch()
    louder = augmented(0, name="gain", most_db=6)
    db = 20 * torch.log10(louder[0] / raw)[:, 0, 0]
    assert 5 < db.abs().max() <= 6.001
    torch.testing.assert_close((louder[1] - image)[:, 1, 3, 7], db, atol=1e-3, rtol=0)


def test_noise_is_a_share_of_the_spread_of_each_channel():
    raw = torch.randn(30, 2, 4000) * torch.tensor([1.0, 50.0])[:, None]
    (noisy,) = augmented(0, (raw,), name="noise", level=0.2)
    torch.testing.assert_close((noisy - raw).std(dim=(0, 2)), torch.tensor([0.2, 10.0]), rtol=0.05, atol=0)


def test_channels_fall_silent_by_chance_and_never_all():
    raw = torch.ones(3000, 4, 5)
    (dropped,) = augmented(0, (raw,), name="channel_drop", p=0.3)
    silent = (dropped == 0).all(dim=2)
    assert not silent.all(dim=1).any()
    assert silent.float().mean() == pytest.approx(0.3 - 0.3**4, abs=0.02)
    (alone,) = augmented(0, (raw[:, :1],), name="channel_drop", p=0.9)
    assert torch.equal(alone, raw[:, :1])


def test_masks_are_bands_of_the_mean():
    image = torch.randn(200, 1, 40, 60)
    (masked,) = augmented(0, (image,), name="spec_augment", n_time=1, time=0.2, n_freq=1, freq=0.5)
    hidden = masked != image
    rows, columns = hidden[:, 0].all(dim=2).sum(dim=1), hidden[:, 0].all(dim=1).sum(dim=1)
    assert rows.max() in (18, 19, 20)
    assert columns.max() in (10, 11, 12)
    torch.testing.assert_close(
        masked[hidden], image.mean(dim=(2, 3), keepdim=True).expand_as(image)[hidden], atol=1e-5, rtol=0
    )
    (whole,) = augmented(0, (image,), name="spec_augment", n_time=0, n_freq=0)
    assert torch.equal(whole, image)


def test_one_comes_after_the_other():
    raw = torch.ones(5, 1, 20)
    torch.manual_seed(0)
    (once,) = build_augmentation([{"name": "gain", "most_db": 3}], [3])((raw,))
    torch.manual_seed(0)
    (twice,) = build_augmentation([{"name": "gain", "most_db": 3}, {"name": "noise", "level": 0.0}], [3])((raw,))
    assert torch.equal(once, twice)
    assert math.isfinite(float(twice.sum()))


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        ([{"name": "mirror"}], "no augmentation 'mirror'.*time_shift"),
        ([{"name": "noise", "std": 1}], "the augmentation noise has no std.*level"),
        ([{"name": "time_shift", "most": 2}], "most must be a number of at least 0 and at most 1, not 2"),
        ([{"most": 2}], "augment must be a list of tables with a name"),
        ({"name": "noise"}, "augment must be a list of tables with a name"),
    ],
)
def test_what_cannot_be_is_named_by_the_specification(augment, message):
    with pytest.raises(InputError, match=message):
        TrainingSpec(augment=augment)


def test_what_would_change_nothing_is_refused():
    with pytest.raises(InputError, match=r"noise changes raw only.*time_shift, gain, spec_augment"):
        build_augmentation([{"name": "noise"}], [4])
