"""What training, compression and export rely on, for every model of the registry."""

import inspect
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.models import MODELS, build
from core.models.cnn_transformer import shortest

SIGNAL, IMAGE = ("n_chans", "n_times"), ("n_chans", "n_freqs", "n_frames")
SIZES = {
    ("raw",): (SIGNAL,),
    ("log_spectrogram",): (IMAGE,),
    ("raw", "log_spectrogram"): (SIGNAL, ("n_spec_chans", *IMAGE[1:])),
}
RANGES = {"n_times": (shortest(2), 200), "n_freqs": (16, 40), "n_frames": (16, 40)}
# Beside the defaults; every choice that changes what is computed.
VARIANTS = [(name, {}) for name in MODELS]
VARIANTS += [
    ("cnn2d", {"pooling": "average", "growth": "additive"}),
    ("cnn_transformer", {"norm_first": True, "pooling": "mean"}),
    ("cnn_transformer", {"norm_first": True}),
    ("cnn_transformer", {"pooling": "mean"}),
    ("intermediate_fusion", {"guided": True, "fusion": "sum"}),
    ("intermediate_fusion", {"guided": True, "fusion": "weighted_sum", "norm_first": True}),
    ("intermediate_fusion", {"fusion": "softmax_sum"}),
    ("intermediate_fusion", {"fusion": "product"}),
    ("late_fusion", {"constrained": False}),
    ("late_fusion", {"raw": {"d_model": 8, "n_heads": 2, "pooling": "mean"}, "log_spectrogram": {"n_filters": 4}}),
]
every_variant = pytest.mark.parametrize(
    ("name", "options"), VARIANTS, ids=[f"{name}-{'-'.join(map(str, o.values()))}" for name, o in VARIANTS]
)
few = settings(max_examples=2, deadline=None, derandomize=True)


def names_of_sizes(name):
    return SIZES[MODELS[name].representations]


def sizes_of(name):
    """Return the strategy of the sizes that a model is built for."""
    names = {"n_outputs", *(size for view in names_of_sizes(name) for size in view)}
    return st.fixed_dictionaries({size: st.integers(*RANGES.get(size, (1, 3))) for size in sorted(names)})


def views_of(name, sizes, n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(n, *(sizes[k] for k in view), generator=generator) for view in names_of_sizes(name))


def quick(name, options, sizes):
    torch.manual_seed(1)
    return build(name, preset="quick", **options, **sizes)


def smallest(name):
    return {"n_outputs": 3} | {size: RANGES.get(size, (2,))[0] for view in names_of_sizes(name) for size in view}


@every_variant
class TestEveryModel:
    @few
    @given(data=st.data())
    def test_gives_a_score_for_each_class(self, name, options, data):
        sizes = data.draw(sizes_of(name))
        model = quick(name, options, sizes)
        for mode in (True, False):
            scores = model.train(mode)(*views_of(name, sizes, 4))
            assert scores.shape == (4, sizes["n_outputs"])
            assert torch.isfinite(scores).all()
        assert model.embed(*views_of(name, sizes, 4)).ndim == 2

    @few
    @given(data=st.data())
    def test_every_parameter_gets_a_gradient(self, name, options, data):
        sizes = data.draw(sizes_of(name)) | {"n_outputs": 3}
        model, views = quick(name, options, sizes), views_of(name, sizes, 6)
        if hasattr(model, "parts"):
            parts = model.parts(*views)
            scores = torch.cat([parts.logits, *parts.auxiliary.values()], dim=1)
        else:
            scores = model(*views)
        (scores * torch.randn_like(scores)).sum().backward()
        missed = [n for n, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
        assert not missed
        assert sum(bool(p.grad.any()) for p in model.parameters()) > 0.9 * len(list(model.parameters()))

    @few
    @given(data=st.data())
    def test_is_rebuilt_from_its_spec_and_loads_its_state(self, name, options, data):
        sizes = data.draw(sizes_of(name))
        model, views = quick(name, options, sizes), views_of(name, sizes, 4)
        model(*views)  # running statistics that are not those of a new model
        again = build(**json.loads(json.dumps(model.spec)))
        again.load_state_dict(model.state_dict())
        assert torch.equal(again.eval()(*views), model.eval()(*views))

    @few
    @given(data=st.data())
    def test_scores_depend_on_nothing_but_the_input(self, name, options, data):
        sizes = data.draw(sizes_of(name))
        model, views = quick(name, options, sizes).eval(), views_of(name, sizes, 5)
        scores = model(*views)
        assert torch.equal(model(*views), scores)
        torch.testing.assert_close(model(*(v[2:3] for v in views)), scores[2:3], rtol=1e-4, atol=1e-5)
        with torch.inference_mode():  # other kernels
            torch.testing.assert_close(model(*views), scores, rtol=1e-4, atol=1e-5)

    def test_is_exported_for_any_batch(self, name, options):
        sizes = smallest(name) | {"n_times": 64} if "n_times" in smallest(name) else smallest(name)
        model = quick(name, options, sizes).eval()
        batch = torch.export.Dim("batch")
        exported = torch.export.export(
            model, views_of(name, sizes, 2), dynamic_shapes=tuple({0: batch} for _ in names_of_sizes(name))
        )
        views = views_of(name, sizes, 5)
        torch.testing.assert_close(exported.module()(*views), model(*views), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
class TestWhatIsRefused:
    def test_inputs_that_are_too_small(self, name):
        build(name, preset="quick", **smallest(name))
        for size in set(RANGES) & set(smallest(name)):
            with pytest.raises(InputError, match=r"[Gg]ive at least"):
                build(name, preset="quick", **smallest(name) | {size: RANGES[size][0] - 1})

    def test_every_option_that_is_none(self, name):
        known = inspect.signature(MODELS[name].load()).parameters
        for option in known:
            for wrong in ("nonsense", -1, 2.5):
                with pytest.raises(InputError):
                    build(name, **smallest(name) | {option: wrong})

    def test_unknown_and_missing_options(self, name):
        with pytest.raises(InputError, match="it does not know"):
            build(name, preset="quick", **smallest(name), colour="red")
        with pytest.raises(InputError, match="what it needs"):
            build(name, preset="quick", n_outputs=2)
