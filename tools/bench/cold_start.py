"""Measures the time from process spawn to the first answer, and the peak memory, under AWS's own runtime client."""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tools.bench.workloads import WORKLOADS, text
from tools.local.execution_environment import ExecutionEnvironment
from tools.local.function_config import FunctionConfig, process_variables, registered_function
from tools.local.program import ROOT, run
from tools.local.runtime_process import peak_bytes

BASELINE_FOLDER = ROOT / "tools" / "bench" / "baseline"
NOBODY = "http://127.0.0.1:9"  # a direct invocation stores nothing: no AWS service is called
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
PATIENCE_S = 300
MEMORY_BATCHES = 10

# Times each step of an init alone, in a fresh interpreter; the last line it prints is JSON.
STEPS = """
import gc, json, os, time
gc.disable()
import function
began = time.perf_counter()
marks = {}
def mark(name):
    global began
    now = time.perf_counter()
    marks[name] = now - began
    began = now
import botocore.config, botocore.loaders, botocore.session
mark("import botocore")
import numpy, onnxruntime, tokenizers
mark("import onnxruntime, numpy, tokenizers")
import function.metrics
mark("import powertools")
import function.answer, function.classifier, function.clients, function.consume, function.dead_letters
import function.environment, function.onnx_backend, function.store
mark("import our own")
import pathlib
model = function.classifier.load(pathlib.Path(os.environ["MODEL_DIR"]))
mark("load the model")
function.clients.clients()
mark("make the clients")
model.classify(["a first text"])
mark("first inference")
print(json.dumps(marks), flush=True)
os._exit(0)
"""


def functions(source: Path, model_dir: Path) -> dict[str, FunctionConfig]:
    """The baseline's handler and ours, as stack dev registers it."""
    ours = registered_function(
        run("dev"),
        endpoint_url=NOBODY,
        credentials=CREDENTIALS,
        variables={"MODEL_DIR": str(model_dir), "DEAD_LETTER_QUEUE_URL": NOBODY, "RESULTS_TABLE": "results"},
    )
    model = {"MODEL_DIR": str(source)}
    baseline = replace(ours, handler="app.handler", task_root=BASELINE_FOLDER, environment=model)
    return {"baseline": baseline, "ours": ours}


def measured(source: Path, model_dir: Path, times: int) -> dict[str, dict[str, float]]:
    """`cold_start_s` and `peak_rss_mb` by engine (medians), and `steps_s` of our init, by name."""
    found: dict[str, dict[str, float]] = {"cold_start_s": {}, "peak_rss_mb": {}}
    compared = functions(source, model_dir)
    for name, function in compared.items():
        runs = [_start(function) for _ in range(times)]
        found["cold_start_s"][name] = round(statistics.median(seconds for seconds, _ in runs), 3)
        found["peak_rss_mb"][name] = round(statistics.median(peak for _, peak in runs), 1)
    found["steps_s"] = _steps(compared["ours"], times)
    return found


def _start(function: FunctionConfig) -> tuple[float, float]:
    """Seconds to a new process's first answer, and its peak memory in MB over ten ordinary batches."""
    mixed = next(workload for workload in WORKLOADS if workload.name == "ten_mixed").batches()
    began = time.perf_counter()
    environment = ExecutionEnvironment(function, on_log=lambda _: None)
    try:
        environment.init("cold", PATIENCE_S)
        environment.invoke("cold", _event([text(16, random.Random(1))]), PATIENCE_S)
        seconds = time.perf_counter() - began
        for turn in range(MEMORY_BATCHES):
            environment.invoke(f"warm-{turn}", _event(mixed[turn % len(mixed)]), PATIENCE_S)
        status = Path(f"/proc/{environment.pid}/status").read_text()
    finally:
        environment.close()
    return seconds, peak_bytes(status) / 2**20


def _event(texts: list[str]) -> bytes:
    return json.dumps({"items": [{"id": str(n), "text": text} for n, text in enumerate(texts)]}).encode()


def _steps(function: FunctionConfig, times: int) -> dict[str, float]:
    runs = []
    with tempfile.TemporaryDirectory() as home:
        environment = {**process_variables(function, "127.0.0.1:9"), "HOME": home}
        for _ in range(times):
            began = time.perf_counter()
            said = subprocess.run(
                [sys.executable, "-c", STEPS],
                cwd=function.task_root,
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            steps = json.loads(said.splitlines()[-1])
            runs.append({"interpreter": time.perf_counter() - began - sum(steps.values()), **steps})
    return {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}
