"""Responses to repeated stimuli: counts of neurons by images by repeats, padded with nan."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError
from heavytail_snn.door.arrays import load_npy


def read_responses(path: str | PathLike[str]) -> np.ndarray:
    """Read an array of responses from a .npy file.

    Parameters
    ----------
    path : path

    Returns
    -------
    (n_neurons, n_images, n_repeats) ndarray
        As `checked_responses` accepts it.

    Raises
    ------
    RecordingError
        If the file is damaged, of another format, or holds no such array.
    """
    array = load_npy(Path(path))
    try:
        return checked_responses(array)
    except ParameterError as error:
        raise RecordingError(f"{path} holds no responses: {error}") from error


def checked_responses(responses: Any) -> np.ndarray:
    """Return responses as a new float64 array, or raise.

    Parameters
    ----------
    responses : (n_neurons, n_images, n_repeats) array_like
        An image shown less often than others is padded with nan at the end, for all neurons alike;
        every image has at least two repeats.

    Raises
    ------
    ParameterError
        If the array has another shape, an infinite value, or nan elsewhere.
    """
    array = np.asarray(responses)
    if array.dtype.kind not in "iuf" or array.ndim != 3 or array.size == 0:
        raise ParameterError(
            "responses",
            f"an array of {array.dtype} with shape {array.shape}",
            "must be real, of shape (n_neurons, n_images, n_repeats)",
            "put neurons first and repeats last",
        )
    array = array.astype(np.float64)
    if np.isinf(array).any():
        raise ParameterError("responses", np.inf, "must not be infinite", "repair the file")
    shown = ~np.isnan(array)
    if (shown != shown[:1]).any():
        raise ParameterError(
            "responses",
            f"nan for some neurons only at image {_first_image(shown != shown[:1])}",
            "must have its nan in the same repeats of all neurons",
            "leave such neurons or images out",
        )
    if (shown[..., 1:] & ~shown[..., :-1]).any():
        raise ParameterError(
            "responses",
            f"nan before a response at image {_first_image(shown[..., 1:] & ~shown[..., :-1])}",
            "must have its nan after the last repeat",
            "move the responses to the front",
        )
    if array.shape[2] < 2 or not shown[..., 1].all():
        raise ParameterError(
            "responses",
            "an image with fewer than 2 repeats",
            "must have at least 2 repeats of every image",
            "leave other images out",
        )
    return array


def _first_image(where: np.ndarray) -> int:
    return int(np.argmax(where.any(axis=(0, 2))))
