"""The int8 ONNX Runtime backend; imports only what a cold start can afford (no transformers, no torch)."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from function.batching import groups
from function.classifier import Sentiment
from function.manifest import Manifest

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
MEMORY_MB_PER_VCPU = 1769  # AWS Lambda developer guide, "Configure Lambda function memory"
SLOW_FUSIONS = ["SkipLayerNormFusion"]  # its kernel took 2.5 ms where Add and LayerNormalization take 0.4 (1.32.0)


class OnnxClassifier:
    def __init__(self, model_dir: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._tokenizer = Tokenizer.from_file(str(model_dir / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(manifest.max_tokens)
        self._session = onnxruntime.InferenceSession(
            str(model_dir / MODEL_FILE),
            session_options(),
            providers=["CPUExecutionProvider"],
            disabled_optimizers=SLOW_FUSIONS,
        )

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        encodings = self._tokenizer.encode_batch(list(texts))
        probabilities = np.empty((len(texts), len(self.manifest.labels)), dtype=np.float32)
        for batch in groups([len(encoding) for encoding in encodings]):
            probabilities[batch] = self._probabilities([encodings[index].ids for index in batch])
        best = probabilities.argmax(axis=1)
        return [
            Sentiment(self.manifest.labels[label], float(row[label]), bool(encoding.overflowing))
            for row, label, encoding in zip(probabilities, best, encodings, strict=True)
        ]

    def _probabilities(self, token_ids: list[list[int]]) -> np.ndarray:
        """Softmax over the labels, shape (texts, labels)."""
        longest = max(map(len, token_ids))
        input_ids = np.zeros((len(token_ids), longest), dtype=np.int64)  # masked, so any padding id will do
        attention_mask = np.zeros_like(input_ids)
        for row, ids in enumerate(token_ids):
            input_ids[row, : len(ids)] = ids
            attention_mask[row, : len(ids)] = 1
        (logits,) = self._session.run(["logits"], {"input_ids": input_ids, "attention_mask": attention_mask})
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)


def session_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.inter_op_num_threads = 1
    # Spinning burns the CPU share that Lambda meters out while other threads wait for it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False  # plans memory per input shape, and here nearly every shape is new
    options.log_severity_level = 3
    return options


def _threads() -> int:
    """As many as the vCPUs that the function's memory buys; 1 outside Lambda."""
    memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MB_PER_VCPU))
    return max(1, math.ceil(memory_mb / MEMORY_MB_PER_VCPU))
