"""The int8 ONNX Runtime backend; imports only what a cold start can afford (no transformers, no torch)."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from function.batching import groups
from function.manifest import Manifest, ModelError
from function.memory import MEMORY_MB_PER_VCPU
from function.verdict import Sentiment, sentiments

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
# Added to the attention scores of padding, which repeats a token of its own text (`packed`): at most 512 * e^-30 of
# that token's weight, below fp32's precision. The usual -3.4e38 leaves denormal weights, which make attention take half
# as long again.
MASKED = -30.0


class OnnxClassifier:
    def __init__(self, model_dir: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._tokenizer = Tokenizer.from_file(str(model_dir / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        side = (self._tokenizer.truncation or {}).get("direction", "right")  # older builds did not record it
        self._tokenizer.enable_truncation(manifest.max_tokens, direction=side)
        self._session = onnxruntime.InferenceSession(
            str(model_dir / MODEL_FILE), session_options(), providers=["CPUExecutionProvider"]
        )
        if (takes := {given.name for given in self._session.get_inputs()}) != packed([[0]]).keys():
            raise ModelError(f"its graph takes {sorted(takes)}: rebuild it with this version's build_model")

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        tokenised = [self._tokens(text) for text in texts]
        probabilities = self._probabilities([ids for ids, _ in tokenised])
        return sentiments(self.manifest.labels, probabilities, (truncated for _, truncated in tokenised))

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._probabilities([self._tokens(text)[0] for text in texts])

    def _tokens(self, text: str) -> tuple[list[int], bool]:
        """Token ids, and whether the text was truncated. One text at a time, because encoding 100,000 characters takes
        up to 40 MB."""
        (encoding,) = self._tokenizer.encode_batch_fast([text])
        return encoding.ids, bool(encoding.overflowing)

    def _probabilities(self, token_ids: list[list[int]]) -> np.ndarray:
        logits = np.empty((len(token_ids), len(self.manifest.labels)), dtype=np.float32)
        for batch in groups([len(ids) for ids in token_ids], self.manifest.shape):
            (logits[batch],) = self._session.run(["logits"], packed([token_ids[index] for index in batch]))
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)


def packed(token_ids: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """The graph's inputs for non-empty texts; see function/model_build/onnx_graph.py for the shapes."""
    lengths = np.array([len(ids) for ids in token_ids])
    first = np.cumsum(lengths) - lengths
    positions = np.concatenate([np.arange(length) for length in lengths])
    column = np.arange(lengths.max())
    return {
        "input_ids": np.concatenate(token_ids),
        "positions": positions,
        "places": first[:, None] + np.minimum(column, lengths[:, None] - 1),
        "tokens": np.repeat(np.arange(len(lengths)) * len(column), lengths) + positions,
        "first": first,
        "mask": np.where(column < lengths[:, None], 0, MASKED).astype(np.float32)[:, None, None],
    }


def session_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    # The graph is written in its final form: optimising it at each cold start would change nothing.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = _threads()
    options.inter_op_num_threads = 1
    # Spinning would burn the CPU share that Lambda grants, while other threads wait for it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False  # plans memory per input shape, and here nearly every shape is new
    options.log_severity_level = 3
    return options


def _threads() -> int:
    """The number of vCPUs that the function's memory buys; 1 outside Lambda."""
    memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MB_PER_VCPU))
    return max(1, math.ceil(memory_mb / MEMORY_MB_PER_VCPU))
