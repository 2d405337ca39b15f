"""Accuracy and agreement with fp32 on held-out texts, of today's int8 arithmetic and of the one before it."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from rich.table import Table

from function.classifier import load
from function.model_build import parity
from sentiment.errors import CommandError
from tools.models.fidelity.source import WORK, Trained
from tools.models.train.fine_tune import report
from tools.project import ROOT

# The last commit that rounded GELU's rows around 128, and limited every weight by itself to seven bits.
BEFORE = "28e6365e7407d1dee714572da7c3a54d888efa7f"


def table(trained: Trained) -> Table:
    fp32 = trained.load()
    texts = [text.text for text in trained.held_out]
    report(f"{len(texts)} held-out texts through fp32, the int8 of before and the int8 of now")
    expected = parity.probabilities(fp32, texts)
    scores = {"fp32": expected}
    scores |= {"int8 before": load(_before(trained)).probabilities(texts)}
    scores |= {"int8 now": load(trained.built).probabilities(texts)}
    right = np.array([fp32.labels.index(text.label) for text in trained.held_out])
    found = [parity.compare(ours, expected) for ours in scores.values()]
    shown = Table(f"{trained.labels} labels, {len(texts):,} held-out texts")
    for name in scores:
        shown.add_column(name, justify="right")
    shown.add_row("accuracy", *(f"{(ours.argmax(axis=1) == right).mean():.1%}" for ours in scores.values()))
    shown.add_row("same label as fp32", "", *(f"{1 - each.flipped / each.texts:.2%}" for each in found[1:]))
    shown.add_row("other label", "", *(f"{each.flipped}" for each in found[1:]))
    shown.add_row("other label, where fp32 is decided", "", *(f"{each.decided_flipped}" for each in found[1:]))
    shown.add_row("score difference, mean", "", *(f"{each.mean_score_difference:.4f}" for each in found[1:]))
    shown.add_row("score difference, largest", "", *(f"{each.max_score_difference:.2f}" for each in found[1:]))
    return shown


def _before(trained: Trained) -> Path:
    """The same checkpoint, built by that commit's code."""
    code, built = WORK / "before", trained.built.with_name("before")
    if not code.is_dir():
        archive = subprocess.run(["git", "archive", BEFORE, "function"], cwd=ROOT, capture_output=True)
        if archive.returncode:
            raise CommandError(f"git archive {BEFORE} failed: {archive.stderr.decode().strip()}")
        code.mkdir(parents=True)
        subprocess.run(["tar", "-x", "-C", str(code)], input=archive.stdout, check=True)
    shutil.rmtree(built, ignore_errors=True)
    build = [sys.executable, "-m", "function.build_model", "--backend", "onnx", "--model", str(trained.source)]
    subprocess.run(
        [*build, "--output", str(built), "--max-disagreement", "1", "--max-mean-difference", "1"], cwd=code, check=True
    )
    return built
