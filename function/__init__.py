"""The sentiment function: what runs in Lambda, and what builds the model that it runs."""

import os

# ONNX Runtime's own wheels send usage data to its maker from version 1.29 on, unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# NumPy's OpenBLAS starts a thread for every core when it is imported, which nothing here uses: 0.02 s of a cold start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
