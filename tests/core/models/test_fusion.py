"""Models that see raw signal and spectrogram."""

import numpy as np
import pytest
import torch

from core.models import FUSIONS, build

SIZES = {"n_outputs": 3, "n_chans": 1, "n_times": 40, "n_spec_chans": 2, "n_freqs": 16, "n_frames": 20}
SMALL_RAW = {"d_model": 8, "n_heads": 2, "d_hidden": 6, "n_layers": 1}
SMALL = SMALL_RAW | {"n_filters": 2, "d_common": 4}


def views(n=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 1, 40, generator=generator), torch.randn(n, 2, 16, 20, generator=generator)


class TestFusions:
    raw, spectrogram = torch.tensor([[1.0, 2.0]]), torch.tensor([[10.0, 20.0]])

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("concatenation", [10, 20, 1, 2]),
            ("sum", [11, 22]),
            ("product", [10, 40]),
            ("weighted_sum", [1 + np.log(3) * 10, 2 + np.log(3) * 20]),  # scales 1, log 3
            ("softmax_sum", [(np.e * 1 + 3 * 10) / (np.e + 3), (np.e * 2 + 3 * 20) / (np.e + 3)]),
        ],
    )
    def test_each_is_what_it_says(self, name, expected):
        fusion = FUSIONS[name].load()()
        if hasattr(fusion, "scales"):
            fusion.scales.data = torch.tensor([1.0, np.log(3)], dtype=torch.float32)
        fused = fusion(self.raw, self.spectrogram)
        np.testing.assert_allclose(fused.detach().numpy(), [expected], rtol=1e-5)
        assert fused.shape[1] == 2 * fusion.copies

    @pytest.mark.parametrize("name", FUSIONS)
    def test_both_views_matter(self, name):
        torch.manual_seed(0)
        model = build("intermediate_fusion", **SIZES, **SMALL, fusion=name).eval()
        (raw, image), (other_raw, other_image) = views(), views(seed=1)
        scores = model(raw, image)
        assert not torch.allclose(model(other_raw, image), scores)
        assert not torch.allclose(model(raw, other_image), scores)


class TestGuided:
    def test_parts_are_the_scores_the_heads_and_the_embedding(self):
        model = build("intermediate_fusion", **SIZES, **SMALL, guided=True).eval()
        parts = model.parts(*views())
        assert torch.equal(parts.logits, model(*views()))
        assert torch.equal(parts.embedding, model.embed(*views()))
        assert {name: tuple(scores.shape) for name, scores in parts.auxiliary.items()} == {
            "raw": (6, 3),
            "log_spectrogram": (6, 3),
        }

    def test_a_head_sees_its_own_view_alone(self):
        model = build("intermediate_fusion", **SIZES, **SMALL, guided=True).eval()
        (raw, image), (other_raw, other_image) = views(), views(seed=1)
        here, there = model.parts(raw, image).auxiliary, model.parts(other_raw, image).auxiliary
        assert torch.equal(here["log_spectrogram"], there["log_spectrogram"])
        assert not torch.allclose(here["raw"], there["raw"])
        assert torch.equal(here["raw"], model.parts(raw, other_image).auxiliary["raw"])

    def test_dropout_takes_features_never_scores(self):
        torch.manual_seed(0)
        model = build("intermediate_fusion", **SIZES, **SMALL, guided=True, auxiliary_dropout=0.9).train()
        scores = torch.cat([model.parts(*views()).auxiliary["log_spectrogram"] for _ in range(20)])
        assert (scores != 0).all()

    def test_without_guidance_there_is_nothing_to_guide(self):
        model = build("intermediate_fusion", **SIZES, **SMALL)
        assert model.parts(*views()).auxiliary == {}
        guided = build("intermediate_fusion", **SIZES, **SMALL, guided=True)
        assert set(model.state_dict()) == {n for n in guided.state_dict() if not n.startswith("auxiliary.")}


class TestLateFusion:
    def model(self, **options):
        torch.manual_seed(0)
        members = {"raw": SMALL_RAW, "log_spectrogram": {"n_filters": 2}}
        return build("late_fusion", **SIZES, **members, **options).eval()

    def probabilities(self, model):
        return [torch.softmax(m(v), dim=1) for m, v in zip(model.members.values(), views(), strict=True)]

    @pytest.mark.parametrize("n_outputs", [2, 3, 7])
    def test_weights_of_a_class_sum_to_one(self, n_outputs):
        weights = build("late_fusion", preset="quick", **SIZES | {"n_outputs": n_outputs}).weights()
        assert weights.shape == (2, n_outputs)
        assert (weights > 0).all()
        torch.testing.assert_close(weights.sum(dim=0), torch.ones(n_outputs))

    @pytest.mark.parametrize("constrained", [True, False])
    def test_both_members_count_alike_before_anything_is_learnt(self, constrained):
        assert torch.equal(self.model(constrained=constrained).weights(), torch.full((2, 3), 0.5))

    def test_softmax_of_the_scores_is_the_mixture(self):
        model = self.model()
        raw, image = self.probabilities(model)
        mixture = model.weights()[0] * raw + model.weights()[1] * image
        torch.testing.assert_close(model(*views()), mixture.log())
        torch.testing.assert_close(torch.softmax(model(*views()), dim=1), mixture / mixture.sum(dim=1, keepdim=True))

    def test_the_published_variant(self):
        model = self.model(constrained=False)
        raw, image = self.probabilities(model)
        torch.testing.assert_close(model(*views()), model.scales[0] * raw + model.scales[1] * image)
        assert torch.equal(model.weights(), model.scales)

    def test_members_are_as_trained_alone_and_stay_so_when_frozen(self):
        alone = build("cnn2d", n_outputs=3, n_chans=2, n_freqs=16, n_frames=20, n_filters=2)
        model = self.model()
        model.members["log_spectrogram"].load_state_dict(alone.state_dict())
        model.freeze_members()
        before = {name: value.clone() for name, value in model.state_dict().items()}
        optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.1)
        model.train()
        for _ in range(3):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(*views()), torch.tensor([0, 1, 2, 0, 1, 2])).backward()
            optimiser.step()
        changed = [name for name, value in model.state_dict().items() if not torch.equal(value, before[name])]
        assert changed == ["scales"]
        assert model.training
        assert torch.equal(model.members["log_spectrogram"](views()[1]), alone.eval()(views()[1]))

    def test_certain_members_leave_finite_scores(self):
        model = self.model()
        for member in model.members.values():
            member.classifier.weight.data *= 1e6
        scores = model(*views())
        torch.nn.functional.cross_entropy(scores, torch.zeros(6, dtype=torch.long)).backward()
        assert torch.isfinite(scores).all()
        assert torch.isfinite(model.scales.grad).all()
