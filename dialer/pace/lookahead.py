"""The moments ahead at which a decision is weighed, and the shorthand of the arrays."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Knowledge = dict[str, Any]

AHEAD_SECONDS: Final[Floats] = np.array(
    [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 9.0, 10.5, 12.0, 14.0, 16.0, 19.0, 23.0, 28.0]
)
"""Dense where the calls of now are answered, sparse where a later decision can still make up for this one."""

GAPS_SECONDS: Final[Floats] = np.diff(AHEAD_SECONDS)
