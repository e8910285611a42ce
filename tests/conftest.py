"""What holds for every test: one thread for linear algebra, as in the kernels, so that busy
cores do not stall fits; and no chart is left open for the next one.
"""

import os
import sys
from collections.abc import Iterator

import pytest

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(autouse=True)
def _charts_closed() -> Iterator[None]:
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
