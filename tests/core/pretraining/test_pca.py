import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.errors import InputError
from core.jobs import NullReporter
from core.pretraining import Inputs
from core.pretraining.pca import PrincipalComponents, learn


def data(n=300, seed=0):
    """Two channels of other units; six directions well above the noise."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 6)) * [9, 7, 5, 4, 3, 2] @ rng.standard_normal((6, 40))
    x = (x + 0.1 * rng.standard_normal((n, 40))).reshape(n, 2, 20) + 50
    x[:, 1] *= 1000
    return x.astype(np.float32)


def learnt(x, n_latent=5, fit=None, seed=0):
    fit = np.ones(len(x), bool) if fit is None else fit
    return learn(Inputs(x, x, 100.0), fit, n_latent=n_latent, seed=seed, report=NullReporter())


@pytest.mark.parametrize("n_latent", [5, 40])
def test_components_are_those_of_scikit_learn(n_latent):
    x = data()
    scaled = x - x.mean(axis=0, dtype=float)
    scaled /= x.std(axis=(0, 2), keepdims=True, dtype=float)
    expected = PCA(n_latent).fit(scaled.reshape(300, -1))
    got = learnt(x, n_latent)
    np.testing.assert_allclose(
        got.summary["explained_by_each"], expected.explained_variance_ratio_, rtol=1e-3, atol=1e-5
    )
    cosines = np.abs((got.encoder.axes[:, :5] * expected.components_[:5].T).sum(axis=0))
    np.testing.assert_allclose(cosines, 1, atol=1e-3)


def test_new_windows_fall_where_they_would_have_and_only_fitted_ones_count():
    x = data()
    fit = np.arange(300) < 200
    other = np.where(fit[:, None, None], x, np.float32(7))
    first, second = learnt(x, fit=fit), learnt(other, fit=fit)
    np.testing.assert_array_equal(first.encoder.axes, second.encoder.axes)
    again = PrincipalComponents.from_state(*first.encoder.to_state())
    everything = first.encoder.embed(Inputs(x, x, 100.0))
    np.testing.assert_allclose(again.embed(Inputs(x[250:], x[250:], 100.0)), everything[250:], rtol=1e-5, atol=1e-4)
    assert np.abs(everything[:200].mean(axis=0)).max() < 0.05


def test_constant_and_single_windows_are_refused():
    with pytest.raises(InputError, match="all the same"):
        learnt(np.full((20, 1, 30), 3.0, np.float32))
    with pytest.raises(InputError, match="too few"):
        learnt(data(1))
