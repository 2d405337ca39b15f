"""The engines that the bench compares: the baseline, torch at its best, ours, and the limit.

The baseline is the engine of the design guide that this project started from: torch and a transformers pipeline, in
fp32, one text at a time; baseline/app.py is its handler. The limit is the bare int8 products of these weights.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from function.classifier import load
from function.onnx_backend import session_options
from tools.bench.peers import OURS

Call = Callable[[], object]
Engine = Callable[[Sequence[str], int], Call]  # of a batch and its tokens, what classifies it

BASELINE, TORCH, LIMIT = "baseline", "torch_batched", "limit"
SEED = 1


def engines(source: Path, model_dir: Path) -> dict[str, Engine]:
    """The engines by name, from the fp32 model in `source` (saved by transformers) and the one built from it."""
    torch.set_num_threads(1)
    limit = Limit(AutoModelForSequenceClassification.from_pretrained(source).config)
    ours = load(model_dir)
    return {
        BASELINE: baseline(source),
        TORCH: torch_batched(source),
        OURS: lambda texts, _: lambda: ours.classify(texts),
        LIMIT: lambda _, tokens: limit.call(tokens),
    }


def baseline(source: Path) -> Engine:
    """The baseline as its handler calls it: a transformers pipeline, one text at a time."""
    classify = pipeline("text-classification", model=str(source), device="cpu")
    return lambda texts, _: lambda: [classify(text, truncation=True, max_length=512) for text in texts]


def torch_batched(source: Path) -> Engine:
    """The same model on the whole batch at once, padded to its longest text."""
    tokenizer = AutoTokenizer.from_pretrained(source)
    model = AutoModelForSequenceClassification.from_pretrained(source).eval()

    def classify(texts: Sequence[str]) -> torch.Tensor:
        encoded = tokenizer(list(texts), padding=True, truncation=True, max_length=512, return_tensors="pt")
        with torch.inference_mode():
            logits = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]).logits
        return torch.softmax(logits, dim=-1)

    return lambda texts, _: lambda: classify(texts)


class Limit:
    """DistilBERT's linear layers as bare int8 matrix products (MatMulInteger) on ONNX Runtime, for the true tokens.

    All tokens in all layers (of the last, ours makes the first tokens only: a seventh less). No embeddings, attention,
    norms, scales or head; no padding. A matrix of its own for every layer, 42 MB in all: the core's
    cache does not hold a model's weights either. `shapes`: (in, out), one for each layer.
    """

    def __init__(self, config: object) -> None:
        dim, hidden, layers = config.dim, config.hidden_dim, config.n_layers  # type: ignore[attr-defined]
        self.shapes = [*[(dim, dim)] * 4, (dim, hidden), (hidden, dim)] * layers
        self._products = [(_product(rows, columns), rows) for rows, columns in self.shapes]

    def call(self, tokens: int) -> Call:
        levels = np.random.default_rng(SEED).integers(0, 255, (tokens, max(rows for rows, _ in self.shapes)))
        given = {rows: np.ascontiguousarray(levels[:, :rows], np.uint8) for rows, _ in self.shapes}

        def run() -> None:
            for product, rows in self._products:
                product.run(None, {"levels": given[rows]})

        return run


def _product(rows: int, columns: int) -> onnxruntime.InferenceSession:
    matrix = np.random.default_rng(SEED).integers(-63, 63, (rows, columns)).astype(np.int8)
    constants = [numpy_helper.from_array(matrix, "matrix"), numpy_helper.from_array(np.array(128, np.uint8), "zero")]
    node = helper.make_node("MatMulInteger", ["levels", "matrix", "zero"], ["product"])
    taken = helper.make_tensor_value_info("levels", TensorProto.UINT8, ["tokens", rows])
    given = helper.make_tensor_value_info("product", TensorProto.INT32, ["tokens", columns])
    graph = helper.make_graph([node], "limit", [taken], [given], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), session_options(), providers=["CPUExecutionProvider"]
    )
