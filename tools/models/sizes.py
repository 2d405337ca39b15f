"""Compares the memory and time of models of common sizes, with random weights.

`python -m tools.models.sizes` prints the table in docs/model.md, and UPDATE_DOCS=1 writes it there (three minutes,
4 GB on disk in build/sizes).
"""

import json
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from function.manifest import DISTILBERT, Manifest, ModelError, Shape, sha256
from function.memory import STEP_MB, UNIGRAM_WORDS, needed_mb
from function.model_build.adapter import POSITIONS, Encoder
from function.model_build.onnx_graph import Graph
from function.onnx_backend import MODEL_FILE, TOKENIZER_FILE
from settings.model import fitting_threshold_ms
from tools import pages
from tools.local.program import ROOT

FOLDER = ROOT / "build" / "sizes"
SIZES = {
    "MiniLM, 6 layers": Shape(layers=6, width=384, inner=1536, heads=12, words=30_522),
    "DistilBERT": DISTILBERT,
    "MiniLM, 12 layers": Shape(layers=12, width=384, inner=1536, heads=12, words=30_522),
    "DistilBERT, multilingual": Shape(layers=6, width=768, inner=3072, heads=12, words=119_547),
    "BERT base": Shape(layers=12, width=768, inner=3072, heads=12, words=30_522),
    "RoBERTa base": Shape(layers=12, width=768, inner=3072, heads=12, words=50_265),
    "XLM-R base": Shape(layers=12, width=768, inner=3072, heads=12, words=250_002),
    "RoBERTa large": Shape(layers=24, width=1024, inner=4096, heads=16, words=50_265),
}
MAX_TOKENS = 512
SEED = 20261126
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
MERGED_WORDS = range(40_000, 100_000)  # the size of byte-pair vocabularies, between WordPiece's
LETTERS = [chr(code) for first in (0x61, 0x430, 0x3B1) for code in range(first, first + 25)]
COMMON, LONGEST_PIECE = 3_000, 10


Sizes = dict[str, tuple[int, ...]]


def make(shape: Shape, folder: Path) -> Path:
    """Write a folder that the function can load, unless it exists."""
    try:
        Manifest.read(folder).check_sizes(folder)
        return folder
    except ModelError:
        folder.mkdir(parents=True, exist_ok=True)
    encoder = Encoder(weights(shape), shape.layers, shape.heads, epsilon=1e-12, between="Tanh")
    onnx.save(Graph(encoder).model(), folder / MODEL_FILE, save_as_external_data=True, location=f"{MODEL_FILE}.data")
    tokenizer(shape.words).save(str(folder / TOKENIZER_FILE))
    names = sorted(path.name for path in folder.iterdir())
    Manifest(
        model_id="sentiment-analyzer/random",
        model_revision="0",
        backend="onnx",
        labels=("NEGATIVE", "POSITIVE"),
        max_tokens=MAX_TOKENS,
        files={name: sha256(folder / name) for name in names},
        sizes={name: (folder / name).stat().st_size for name in names},
        parity={},
        shape=shape,
    ).write(folder)
    return folder


def weights(shape: Shape) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(SEED)
    width, inner = shape.width, shape.inner
    inside: Sizes = {f"attention.{part}_lin": (width, width) for part in ("q", "k", "v", "out")}
    inside |= {"ffn.lin1": (inner, width), "ffn.lin2": (width, inner), "sa_layer_norm": (width,)}
    inside |= {"output_layer_norm": (width,)}
    sizes: Sizes = {f"transformer.layer.{n}.{name}": size for n in range(shape.layers) for name, size in inside.items()}
    sizes |= {"embeddings.LayerNorm": (width,), "pre_classifier": (width, width), "classifier": (2, width)}
    made: Sizes = {"embeddings.word_embeddings.weight": (shape.words, width), POSITIONS: (MAX_TOKENS, width)}
    made |= {f"{name}.weight": size for name, size in sizes.items()}
    made |= {f"{name}.bias": size[:1] for name, size in sizes.items()}
    return {name: generator.standard_normal(size, np.float32) * np.float32(0.05) for name, size in made.items()}


def tokenizer(words: int) -> Tokenizer:
    """WordPiece, byte-pair encoding or Unigram, by the number of words."""
    pieces, merges = _pieces(words - len(SPECIAL))
    vocabulary = {piece: number for number, piece in enumerate([*SPECIAL, *pieces])}
    if words >= UNIGRAM_WORDS:
        scored = [(piece, -math.log(2 + number)) for piece, number in vocabulary.items()]
        made = Tokenizer(models.Unigram(scored, unk_id=vocabulary["<unk>"], byte_fallback=False))
    elif words in MERGED_WORDS:
        made = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>"))
    else:
        made = Tokenizer(models.WordPiece(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("</s>", vocabulary["</s>"]), ("<s>", vocabulary["<s>"]))
    return made


def _pieces(count: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Single characters, then pairs of earlier pieces, joined, each once; and those pairs."""
    generator = random.Random(SEED)
    pieces = dict.fromkeys(["!", *LETTERS])
    known = list(pieces)
    merges: list[tuple[str, str]] = []
    while len(known) < count:
        pair = generator.choice(known[:COMMON]), generator.choice(known[:COMMON])
        if (piece := "".join(pair)) not in pieces and len(piece) <= LONGEST_PIECE:
            pieces[piece] = None
            known.append(piece)
            merges.append(pair)
    return known, merges


def main() -> None:
    measured = {}
    for name, shape in SIZES.items():
        folder = make(shape, FOLDER / name.replace(", ", "-").replace(" ", "-"))
        command = [sys.executable, "-m", "tools.models.measure", str(folder)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
        measured[name] = found
        sys.stderr.write(f"{name}: {measured[name]}\n")
    unit = measured["DistilBERT"]["batches_ms"]
    needs = "least `memoryMb` | alarm threshold at 512 MB | `memoryMb` for 150 ms"
    table = [f"| | layers x width, words | time | peak | {needs} |", "|---|---|---:|---:|---:|---:|---:|"]
    for name, found in measured.items():
        table.append(f"| {name} | {_row(SIZES[name], found['batches_ms'] / unit, found['peak_mb'])} |")
    text = "\n".join([f"{pages.measured_here()}.", "", *table])
    sys.stdout.write(f"{text}\n")
    if pages.updating():
        pages.write({"model-sizes": text})


def _row(shape: Shape, times: float, peak_mb: float) -> str:
    least = needed_mb(shape, "onnx")
    at_512 = f"{fitting_threshold_ms(shape, 512):,} ms" if least <= 512 else ""
    for_150 = next(size for size in range(least, 10_241, STEP_MB) if fitting_threshold_ms(shape, size) <= 150)
    size = f"{shape.layers} x {shape.width:,}, {shape.words:,}"
    return f"{size} | {times:.1f} | {peak_mb:,.0f} MB | {least:,} | {at_512} | {for_150:,}"


if __name__ == "__main__":
    main()
