"""The sentiment function: the code that runs in Lambda, and the code that builds its model."""

import os

# Since version 1.29, ONNX Runtime's own wheels send telemetry to their vendor unless this is set before the import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# On import, NumPy's OpenBLAS starts a thread per core, which nothing here uses: 0.02 s of a cold start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
