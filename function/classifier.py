"""The interface of the sentiment classifier: load once, then classify batches of texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from function.manifest import Manifest, ModelError
from function.verdict import Sentiment


class Classifier(Protocol):
    @property
    def manifest(self) -> Manifest: ...

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        """One sentiment per text, in the order of the texts."""
        ...

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Softmax over the labels, shape (texts, labels)."""
        ...


def load(model_dir: Path) -> Classifier:
    """The classifier in a folder that build_model wrote; ModelError if the folder is missing or damaged."""
    manifest = Manifest.read(model_dir)
    # Sizes, not digests: hashing 67 MB would cost time in every cold start, and the image's own digest already vouches
    # for the bytes. `python -m function.manifest DIR` checks the digests when the folder enters an image.
    manifest.check_sizes(model_dir)
    try:
        # Each image carries the libraries of one backend only.
        if manifest.backend == "onnx":
            from function.onnx_backend import OnnxClassifier

            return OnnxClassifier(model_dir, manifest)
        from function.torch_backend import TorchClassifier

        return TorchClassifier(model_dir, manifest)
    except ImportError:
        raise
    except Exception as error:  # the libraries raise a bare Exception for a file they cannot parse
        raise ModelError(f"the model in {model_dir} does not load: {error}") from error
