"""The alternative engines: OpenVINO's int8 by NNCF, and ONNX Runtime's own dynamic int8.

Their packages have their own dependency group, which `make bench` installs. `python -m tools.bench.peers PEER SOURCE
FOLDER` prints, as JSON, the cost of loading one in a process of its own.
"""

import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from function.classifier import load
from function.onnx_backend import TOKENIZER_FILE, session_options
from tools.bench.workloads import WORKLOADS
from tools.local.program import ROOT
from tools.local.runtime_process import peak_bytes

OPENVINO, ORT_DYNAMIC = "openvino", "ort_dynamic"
OURS = "ours"  # measured here too: no torch is imported
NAMES = (OPENVINO, ORT_DYNAMIC)
FILES = {OPENVINO: "openvino.xml", ORT_DYNAMIC: "dynamic.onnx"}
PACKAGES = ("openvino", "nncf")
INPUTS = ("input_ids", "attention_mask")
SINGLY = "_singly"
MAX_TOKENS = 512

Run = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of token ids and mask, (texts, longest) each: (texts, labels)
Engine = Callable[[Sequence[str], int], Callable[[], object]]  # of a batch and its tokens, what classifies it


def installed() -> bool:
    return all(importlib.util.find_spec(package) for package in PACKAGES)


def make(source: Path, folder: Path) -> None:
    """Writes the fp32 model in `source`, as transformers saved it, to `folder` in each peer's form."""
    import nncf
    import openvino
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModelForSequenceClassification

    folder.mkdir(parents=True, exist_ok=True)
    model = AutoModelForSequenceClassification.from_pretrained(source).eval()
    encoded = Padded(source, lambda ids, _: ids)
    batches = [encoded.padded(texts) for workload in WORKLOADS[4:] for texts in workload.batches()]
    example = {name: torch.from_numpy(values) for name, values in zip(INPUTS, batches[0], strict=True)}

    free = [(INPUTS[n], openvino.PartialShape([-1, -1]), openvino.Type.i64) for n in range(len(INPUTS))]
    converted = openvino.convert_model(model, example_input=example, input=free)
    calibration = nncf.Dataset([dict(zip(INPUTS, batch, strict=True)) for batch in batches])
    static = nncf.quantize(converted, calibration, model_type=nncf.ModelType.TRANSFORMER)
    openvino.save_model(static, folder / FILES[OPENVINO])

    fp32 = folder / "fp32.onnx"
    axes = {name: {0: "texts", 1: "longest"} for name in INPUTS}
    torch.onnx.export(model, (example,), fp32, input_names=list(INPUTS), dynamic_axes=axes, dynamo=False)
    quantize_dynamic(fp32, folder / FILES[ORT_DYNAMIC], weight_type=QuantType.QInt8, per_channel=True)
    fp32.unlink()


class Padded:
    """A peer with the same tokenizer as ours: a batch at once, padded to its longest text, or text by text."""

    def __init__(self, source: Path, run: Run) -> None:
        self._tokenizer = Tokenizer.from_file(str(source / TOKENIZER_FILE))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._run = run

    def padded(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        encodings = self._tokenizer.encode_batch_fast(list(texts))
        return np.array([e.ids for e in encodings]), np.array([e.attention_mask for e in encodings])

    def together(self, texts: Sequence[str]) -> np.ndarray:
        return self._run(*self.padded(texts))

    def one_by_one(self, texts: Sequence[str]) -> np.ndarray:
        return np.concatenate([self.together([text]) for text in texts])


def engines(source: Path, folder: Path) -> dict[str, Engine]:
    """The peers by name, each batched and one text at a time: `openvino`, `openvino_singly`, ..."""
    found: dict[str, Engine] = {}
    for name in NAMES:
        model = loaded(name, source, folder)
        found[name] = _engine(model.together)
        found[f"{name}{SINGLY}"] = _engine(model.one_by_one)
    return found


def _engine(classify: Callable[[Sequence[str]], object]) -> Engine:
    return lambda texts, _: lambda: classify(texts)


def load_costs(source: Path, folder: Path, model_dir: Path, times: int) -> dict[str, dict[str, float]]:
    """By peer, and for `ours`, `load_s` and `peak_rss_mb`: medians over processes of their own."""
    found: dict[str, dict[str, float]] = {}
    for name in (OURS, *NAMES):
        of = model_dir if name == OURS else folder
        command = [sys.executable, "-m", "tools.bench.peers", name, str(source), str(of)]
        runs = [json.loads(subprocess.check_output(command, cwd=ROOT, text=True)) for _ in range(times)]
        found[name] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return found


def loaded(peer: str, source: Path, folder: Path) -> Padded:
    return Padded(source, {OPENVINO: _openvino, ORT_DYNAMIC: _ort_dynamic}[peer](folder / FILES[peer]))


def _openvino(file: Path) -> Run:
    import openvino

    hints = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(file, "CPU", hints).create_infer_request()
    return lambda ids, mask: np.array(request.infer(dict(zip(INPUTS, (ids, mask), strict=True)))[0])


def _ort_dynamic(file: Path) -> Run:
    options = session_options()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, dict(zip(INPUTS, (ids, mask), strict=True)))[0]


def main(peer: str, source: Path, folder: Path) -> None:
    began = time.perf_counter()
    classify = load(folder).classify if peer == OURS else loaded(peer, source, folder).together
    classify(["a first text"])
    seconds = time.perf_counter() - began
    for texts in next(workload for workload in WORKLOADS if workload.name == "ten_mixed").batches():
        classify(texts)
    peak = peak_bytes(Path("/proc/self/status").read_text()) / 2**20
    sys.stdout.write(json.dumps({"load_s": round(seconds, 3), "peak_rss_mb": round(peak, 1)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
