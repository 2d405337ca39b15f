"""`python -m tools.bench`: runs on one core from the first import on, like a function."""

import os
import sys


def main() -> int:
    # Before ONNX Runtime is imported: where a process sees a single core it leaves AMX alone, which Lambda does not
    # document; pinned later, the products alone take a third of the time here, and ours two thirds.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # OpenVINO and torch leave AMX alone too, and nothing else: below it, OpenVINO would emulate the bf16 that it chose.
    os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX512_CORE_FP16"
    from tools.bench.run import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
