"""What a row holds *somewhere*: the responses of an image or a sequence to pieces of other rows, where they fit best.

A linear model on pixels is blind to a shape that stands at another place in every row; a convolution is not. Pieces
drawn from the rows themselves serve as its filters, the largest and the mean response over all places as its pooling
(Coates, Lee, Ng 2011, "single-layer networks", with the filters drawn instead of clustered). Labels are not looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from defib.measures.outputs import AnyArray, FloatArray

FILTERS = 48
SIDE = 5
"""Pixels across a piece of an image."""
LENGTHS = (5, 11)
"""Steps of a piece of a sequence."""
LARGEST_SIDE = 32
"""Images are averaged down to this many pixels across."""
MOST_CELLS = 40_000_000
"""Cells of all windows of one block of rows."""
MOST_CHANNELS = 8
"""More channels of a sequence than this are replaced by their principal directions."""
CHANNELS = (1, 2, 3, 4)


def image_features(X: AnyArray) -> FloatArray:
    """Responses to pieces of images ``(n, height, width)``, channels first or last: ``(n, 2 * FILTERS)``."""
    images = _small(_grey(np.nan_to_num(np.asarray(X, dtype=np.float64))))
    side = min(SIDE, *images.shape[1:])
    windows = sliding_window_view(images, (side, side), axis=(1, 2))
    return _responses(windows.reshape(len(images), -1, side, side), seed=0)


def _grey(X: FloatArray) -> FloatArray:
    """Mean over the channels, where there is an axis of them."""
    if X.ndim == 3:
        return X
    first = X.shape[1] in CHANNELS and X.shape[-1] not in CHANNELS
    return np.asarray(X.reshape(len(X), *X.shape[1:4]).mean(axis=1 if first else -1))


def _small(images: FloatArray) -> FloatArray:
    step = max(1, -(-max(images.shape[1:]) // LARGEST_SIDE))
    if step == 1:
        return images
    n, height, width = images.shape[0], images.shape[1] // step, images.shape[2] // step
    cut = images[:, : height * step, : width * step]
    return np.asarray(cut.reshape(n, height, step, width, step).mean(axis=(2, 4)))


def sequence_features(X: AnyArray) -> FloatArray:
    """Of ``(n, steps, channels)``: peaks and their places, drift, roughness per channel; responses to pieces."""
    series = _few_channels(np.nan_to_num(np.asarray(X, dtype=np.float64)))
    found = [_shape_of(series)]
    for length in LENGTHS:
        if series.shape[1] > length:
            windows = sliding_window_view(series, length, axis=1)  # (n, places, channels, length)
            found.append(_responses(windows, seed=length))
    return np.concatenate(found, axis=1)


def _few_channels(series: FloatArray) -> FloatArray:
    n, steps, channels = series.shape
    if channels <= MOST_CHANNELS:
        return series
    flat = series.reshape(-1, channels)
    flat = flat - flat.mean(axis=0)
    directions = np.linalg.eigh(flat.T @ flat)[1][:, ::-1][:, :MOST_CHANNELS]
    return np.asarray((flat @ directions).reshape(n, steps, MOST_CHANNELS))


def _shape_of(series: FloatArray) -> FloatArray:
    """Eleven numbers per channel, ``(n, 11 * channels)``."""
    steps = series.shape[1]
    half = max(1, steps // 2)
    first, second = series[:, :half], series[:, -half:]
    place = (np.arange(steps) - (steps - 1) / 2)[None, :, None]
    moved = np.diff(series, axis=1) if steps > 1 else np.zeros_like(series)
    centred = series - series.mean(axis=1, keepdims=True)
    together = (centred[:, 1:] * centred[:, :-1]).sum(axis=1) / np.maximum((centred**2).sum(axis=1), 1e-12)
    columns = (
        series.mean(axis=1), series.std(axis=1), series.max(axis=1), series.min(axis=1),
        series.argmax(axis=1), series.argmin(axis=1), (place * series).mean(axis=1),
        second.mean(axis=1) - first.mean(axis=1), np.log1p(second.std(axis=1)) - np.log1p(first.std(axis=1)),
        np.abs(moved).mean(axis=1), together,
    )  # fmt: skip
    return np.concatenate([np.asarray(one, dtype=np.float64) for one in columns], axis=1)


def _responses(windows: FloatArray, seed: int) -> FloatArray:
    """Largest and mean positive response of each row's windows ``(n, places, ...)`` to pieces drawn from them."""
    rng = np.random.default_rng(seed)
    n, places = windows.shape[:2]
    size = int(np.prod(windows.shape[2:]))
    pieces = _drawn(windows, rng)
    if not len(pieces):
        return np.zeros((n, 0))
    step = max(1, -(-n * places * size // MOST_CELLS))
    found = []
    for start in range(0, n, max(1, n // step)):
        block = windows[start : start + max(1, n // step)]
        flat = block.reshape(len(block), places, size)
        response = (flat - flat.mean(axis=2, keepdims=True)) @ pieces.T
        found.append(np.concatenate([response.max(axis=1), np.maximum(response, 0.0).mean(axis=1)], axis=1))
    return np.concatenate(found)


def _drawn(windows: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Pieces ``(k, size)`` of mean 0 and length 1: of ten times as many drawn, those that vary most."""
    n, places = windows.shape[:2]
    rows, at = rng.integers(0, n, 10 * FILTERS), rng.integers(0, places, 10 * FILTERS)
    drawn = windows[rows, at].reshape(len(rows), -1)
    drawn = drawn - drawn.mean(axis=1, keepdims=True)
    length = np.linalg.norm(drawn, axis=1)
    kept = np.argsort(-length, kind="stable")[:FILTERS]
    kept = kept[length[kept] > 0]
    return np.asarray(drawn[kept] / length[kept, None])
