"""Builds the image's model folder from a hub or local model: converts it, compares it with fp32, writes a manifest."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from tokenizers import Tokenizer
from transformers.utils import SAFE_WEIGHTS_NAME
from transformers.utils import logging as transformers_logging

from function.classifier import Classifier, load
from function.known_texts import answers
from function.manifest import BACKENDS, Manifest, ModelError, sha256
from function.model_build import onnx_graph, parity
from function.model_build.adapter import shape
from function.model_build.parity import Parity
from function.model_build.publish import publish, refuse_to_replace_other_than_models
from function.model_build.source import Source, UnsuitableModel, load_source, revision_of
from function.onnx_backend import MODEL_FILE, TOKENIZER_FILE

MAX_DISAGREEMENT = 0.01  # share of the parity texts on which fp32 is decided
MAX_MEAN_DIFFERENCE = 0.02  # of the scores; docs/model.md has the figures of correct and broken builds


class BuildError(Exception):
    """The model cannot be built as asked."""


def build(
    model: str,
    revision: str | None,
    backend: str,
    output: Path,
    *,
    model_id: str | None = None,
    max_disagreement: float = MAX_DISAGREEMENT,
    max_mean_difference: float = MAX_MEAN_DIFFERENCE,
) -> Manifest:
    """Builds `output` from a hub id at a pinned revision, or from a local directory.

    `revision` and `model_id` default to a local directory's digest and path. `output` appears complete or not at all.
    UnsuitableModel if the model cannot be loaded or served; BuildError if the result differs from fp32 (parity.py) by
    more than `max_disagreement` (0-1) or `max_mean_difference` (0-1); OSError if `output` cannot be created.
    """
    local = Path(model).is_dir()
    if not local and revision is None:
        raise BuildError(f"{model} is not a local directory, and a hub model needs a pinned --revision")
    refuse_to_replace_other_than_models(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as temporary:
        folder = Path(temporary, "model")
        folder.mkdir()
        with _step(f"load {model}"):
            source = load_source(model, None if local else revision, backend)
        manifest = convert(source, backend, folder, model_id or model, revision or revision_of(Path(model)))
        try:
            built = load(folder)
        except ModelError as error:
            raise BuildError(
                f"the built model cannot be loaded: {str(error).replace(str(folder), str(output))}"
            ) from error
        found = _parity(built, source)
        if faults := found.faults(max_disagreement, max_mean_difference):
            raise BuildError(f"the {backend} model differs too much from fp32: {'; '.join(faults)}")
        manifest = replace(manifest, parity=asdict(found), answers=answers(built))
        manifest.write(folder)
        publish(folder, output)
    _report(f"{output}: {', '.join(f'{name} {_megabytes(size)}' for name, size in manifest.sizes.items())}")
    return manifest


def convert(source: Source, backend: str, folder: Path, model_id: str, revision: str) -> Manifest:
    """Write the model and its manifest, not yet compared with fp32, into an empty folder."""
    if backend == "torch":
        with _step("save for torch", folder / SAFE_WEIGHTS_NAME):
            source.model.save_pretrained(folder)
            source.tokenizer.save_pretrained(folder)
    else:
        with _step("write the int8 graph", folder / MODEL_FILE):
            onnx_graph.write(source.model, folder / MODEL_FILE)
        tokenizer = Tokenizer.from_str(source.tokenizer.backend_tokenizer.to_str())
        tokenizer.enable_truncation(source.max_tokens, direction=source.tokenizer.truncation_side)
        tokenizer.save(str(folder / TOKENIZER_FILE))
        source.model.config.save_pretrained(folder)
    files = sorted(path.name for path in folder.iterdir())
    manifest = Manifest(
        model_id=model_id,
        model_revision=revision,
        backend=backend,
        labels=source.labels,
        max_tokens=source.max_tokens,
        shape=shape(source.model),
        files={name: sha256(folder / name) for name in files},
        sizes={name: (folder / name).stat().st_size for name in files},
        parity={},
    )
    manifest.write(folder)
    return manifest


def _parity(built: Classifier, source: Source) -> Parity:
    texts = parity.texts(source)
    with _step(f"compare with fp32 on {len(texts)} texts"):
        found = parity.measure(built, source, texts)
    _report(
        f"{found.flipped} of {found.texts} labels differ, {found.decided_flipped} of the {found.decided} on which fp32 "
        f"is decided; scores differ by {found.mean_score_difference:.4f} on average, {found.max_score_difference:.4f} "
        "at most"
    )
    return found


@contextmanager
def _step(name: str, result: Path | None = None) -> Iterator[None]:
    started = time.perf_counter()
    yield
    size = f", {_megabytes(result.stat().st_size)}" if result else ""
    _report(f"{name}: {time.perf_counter() - started:.1f} s{size}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"


def _report(line: str) -> None:
    sys.stdout.write(f"build_model: {line}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m function.build_model", description=__doc__)
    parser.add_argument("--model", required=True, help="hub id or local directory")
    parser.add_argument("--revision", help="commit of the hub model; optional for a local directory")
    parser.add_argument("--backend", required=True, choices=BACKENDS)
    parser.add_argument("--output", required=True, type=Path, help="the folder to create or replace")
    parser.add_argument(
        "--max-disagreement",
        type=float,
        default=MAX_DISAGREEMENT,
        help="share (0-1) of the texts on which fp32 is decided that may get another label (default: %(default)s)",
    )
    parser.add_argument(
        "--max-mean-difference",
        type=float,
        default=MAX_MEAN_DIFFERENCE,
        help="average difference (0-1) allowed between the scores and fp32's (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        build(**vars(options))
    except (BuildError, ModelError, UnsuitableModel, OSError) as error:
        sys.stderr.write(f"build_model: error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
