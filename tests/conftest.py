"""What holds for every test: one thread for linear algebra, as in the kernels, so that busy
cores do not stall fits.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
