#!/usr/bin/env python3
"""OpenBLAS's sgemm on the column matrices of the generator's layers: the library that numpy brings along, through numpy."""

import os
import re

import common

ARGUMENTS = common.begin(__doc__)
os.environ["OPENBLAS_NUM_THREADS"] = str(ARGUMENTS.threads)  # read when numpy is loaded

try:
    import numpy as np
except ImportError:
    common.report(peer="openblas", missing="pip install numpy")
    raise SystemExit(0)


def main():
    try:
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    except (TypeError, KeyError):
        common.report(peer="openblas", missing=f"numpy {np.__version__} does not say which BLAS it has; numpy 1.26 and newer do")
        return
    if not re.search("openblas", blas.get("name", ""), re.IGNORECASE):
        common.report(peer="openblas", missing=f"this numpy uses {blas.get('name')}; pip install numpy brings OpenBLAS")
        return
    common.introduce(ARGUMENTS, "openblas", f"{blas.get('version', '?')} (numpy {np.__version__})", common.processor(ARGUMENTS),
                     common.openblas_waits())
    random = np.random.default_rng(0)
    for name, c_in, c_out, side in common.DECONVOLUTIONS:
        columns = ARGUMENTS.batch * side * side
        # As our gemm has them: the weights [c_in][25 c_out], transposed where the product takes them so.
        products = {"forward": ((c_in, 25 * c_out), (c_in, columns), True, False),
                    "dx": ((c_in, 25 * c_out), (25 * c_out, columns), False, False),
                    "dw": ((c_in, columns), (25 * c_out, columns), False, True)}
        for op, (a_shape, b_shape, a_transposed, b_transposed) in products.items():
            if not common.wanted(ARGUMENTS, "kernels", name, op):
                continue
            a = random.uniform(-1, 1, a_shape).astype(np.float32)
            b = random.uniform(-1, 1, b_shape).astype(np.float32)
            a = a.T if a_transposed else a
            b = b.T if b_transposed else b
            out = np.empty((a.shape[0], b.shape[1]), dtype=np.float32)
            common.report_times(ARGUMENTS, "openblas", "kernels", name, op, lambda: np.matmul(a, b, out=out))


if __name__ == "__main__":
    main()
