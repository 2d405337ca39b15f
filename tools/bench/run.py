"""`make bench`: compares our function with the baseline, torch at its best and the limit, on one core."""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import sys
from typing import Any

from rich.console import Console

from tools import pages
from tools.bench import cold_start, peers, report, times
from tools.bench.cpu_share import NoShare, cpu_share
from tools.local.program import ROOT, run
from tools.models.full_size import SOURCE, full_size_model

RESULT = ROOT / "build" / "bench.json"
PEERS = ROOT / "build" / "peers"
INSTRUCTIONS = ("avx2", "avx512_vnni", "amx_int8")  # those that speed up int8 products
PACKAGES = ("onnxruntime", "torch", "transformers", "tokenizers", "numpy", "botocore")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and nothing at the function's CPU share")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else report.WIDTH)
    found = _run(options.quick, console)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    report.show(found, console)
    if not options.quick:
        from tools.bench.picture import draw

        picture = (pages.DOCS if pages.updating() else RESULT.parent) / "bench.png"
        draw(found, picture)
        console.print(f"Drawn: {picture.relative_to(ROOT)}")
    if pages.updating():
        pages.write(report.blocks(found))
    console.print(f"Figures: {RESULT.relative_to(ROOT)}")
    return 0


def _run(quick: bool, console: Console) -> dict[str, Any]:
    console.print("Full-size DistilBERT with random weights: made once, kept in build/ and function/models/")
    model_dir = full_size_model()
    found: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"one core of {pages.cpu('model name') or platform.machine()}, {os.cpu_count()} in the machine, "
        f"Python {platform.python_version()}",
        "instructions": [name for name in INSTRUCTIONS if name in pages.cpu("flags").split()],
        "load_average": os.getloadavg()[0],
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }
    others = {}
    if peers.installed():
        console.print("The peers' forms of the same model: made once, kept in build/")
        if not all((PEERS / name).exists() for name in peers.FILES.values()):
            peers.make(SOURCE, PEERS)
        others = peers.engines(SOURCE, PEERS)
        found["versions"] |= {name: importlib.metadata.version(name) for name in peers.PACKAGES}
    else:
        console.print("Without peers: the dependency group `peers` is not installed")
    console.print("One core: times of a batch, then cold starts")
    found["workloads"] = times.measured(SOURCE, model_dir, rounds=3 if quick else 11, warm=True, others=others)
    if others:
        found["peers"] = peers.load_costs(SOURCE, PEERS, model_dir, times=1 if quick else 3)
    found |= cold_start.measured(SOURCE, model_dir, times=1 if quick else 5)
    if quick:
        return found
    memory_mb = int(run("dev").one("aws:lambda/function:Function").inputs["memorySize"])
    try:
        with cpu_share(memory_mb) as share:
            console.print(f"The same with {share:.2f} of that core, as a function of {memory_mb} MB has")
            limited: dict[str, Any] = {"workloads": times.measured(SOURCE, model_dir, rounds=2, warm=False)}
            limited |= cold_start.measured(SOURCE, model_dir, times=2)
            found["at_memory_mb"] = {str(memory_mb): {"share": share, **limited}}
    except NoShare as reason:
        console.print(f"Not measured at the share of a {memory_mb} MB function: {reason}")
    return found
