"""MNIST digits as in the talk: 28×28 centre-cropped to 20×20, and upright ones for Hitscope's own settings."""

from pathlib import Path

import numpy as np

CROP = slice(4, 24)


def digits(data: Path, rows: slice, *, upright: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, 20, 20) in [0, 1], float32, and classes (N,)."""
    with np.load(data / "mnist_30k.npz") as kept:
        images, classes = kept["images"][rows].astype(np.float32) / 255, kept["labels"][rows].astype(np.int64)
    if upright:
        images = np.stack([deskewed(image) for image in images])
    return np.ascontiguousarray(images[:, CROP, CROP]), classes


def deskewed(image: np.ndarray) -> np.ndarray:
    """Return a digit sheared upright about its centre of mass, by its second moments."""
    from scipy.ndimage import affine_transform

    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    total = image.sum()
    cy, cx = (image * y).sum() / total, (image * x).sum() / total
    shear = ((x - cx) * (y - cy) * image).sum() / ((y - cy) ** 2 * image).sum()
    return affine_transform(image, [[1, 0], [shear, 1]], offset=[0, -shear * cy], order=1)
