"""Measures a built model's time and memory: `python -m tools.models.measure FOLDER` prints them as JSON.

Each model gets its own process, without the libraries that build it, so the memory is the model's and the function's.
"""

import json
import re
import sys
import time
from pathlib import Path

from function.classifier import load
from sentiment_contract.messages import MAX_TEXT_CHARS

BATCHES = [[28] * 10, [12, 15, 18, 20, 24, 30, 40, 128], [64] * 4]  # tokens of texts, as in docs/performance.md
LONGEST = 512
ROUNDS = 3


def measure(folder: Path) -> dict[str, float]:
    """This process's seconds to load, CPU milliseconds for the usual batches, and memory at the end, MB.

    It also classifies ten texts of 512 tokens and one of the maximum length, so that the memory reaches its peak.
    """
    began = time.perf_counter()
    classifier = load(folder)
    loaded = time.perf_counter() - began
    batches = [[" ".join("!" * (tokens - 2)) for tokens in batch] for batch in BATCHES]
    took = []
    for _ in range(1 + ROUNDS):
        began = time.process_time()
        for batch in batches:
            classifier.classify(batch)
        took.append(time.process_time() - began)
    classifier.classify([" ".join("!" * LONGEST)] * 10)
    classifier.classify(["!" * MAX_TEXT_CHARS])
    return {"load_s": loaded, "batches_ms": min(took[1:]) * 1000, "peak_mb": _peak_kb() / 1024}


def _peak_kb() -> int:
    """The peak memory. getrusage's would include the memory of the process that started this one."""
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]))) + "\n")
