"""Arrays as bytes, in files that are read again whole.

NumPy's own format has a header in the syntax of Python in front of each array. To parse it costs
more than most arrays here, and Python's parser counts its depth for all threads together: where
two are in it at once, one of them fails with a SystemError (seen with 3.11.7).
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray


class Packed(msgspec.Struct):
    """An array of numbers: of one dimension where no shape is given."""

    type: str
    data: bytes
    shape: tuple[int, ...] | None = None


def packed(array: NDArray[np.generic]) -> Packed:
    shape = array.shape if array.ndim != 1 else None
    return Packed(array.dtype.str, array.tobytes(), shape)


def unpacked(held: Packed) -> NDArray[np.generic]:
    """An array of its own, which may be changed. Raises ValueError and TypeError for what is
    none."""
    array: NDArray[np.generic] = np.frombuffer(held.data, np.dtype(held.type)).copy()
    return array if held.shape is None else array.reshape(held.shape)
