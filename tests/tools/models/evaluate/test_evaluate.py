"""`make evaluate`: scores through the function's own code, agreement with fp32, mistakes by confidence."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from function.classifier import load
from sentiment.errors import CommandError
from tests.waiting import HANG_S
from tools.local.stack import DEMO_MODEL
from tools.models.evaluate.report import evaluate
from tools.models.labelled import Labelled
from tools.project import ROOT

TEXTS = ["good", "bad", "The train was late.", "=1+1", "A calm day.", "never again", "Is it?", "the lamp"]


def labelled(model: Path, *, wrong: int) -> list[Labelled]:
    """Texts with the labels that the model gives them, except that the first `wrong` have another label."""
    manifest = load(model).manifest
    given = load(model).classify(TEXTS)
    other = dict(zip(manifest.labels, reversed(manifest.labels), strict=True))
    return [
        Labelled(line, text, other[answer.label] if line < wrong else answer.label)
        for line, (text, answer) in enumerate(zip(TEXTS, given, strict=True))
    ]


def judge(texts: list[Labelled], model: Path, tmp_path: Path, **changes: object) -> float:
    given = {"source": None, "rename": [], "mistakes": tmp_path / "mistakes.csv", "show": 10} | changes
    return evaluate(texts, model, **given).accuracy  # type: ignore[arg-type]


def test_evaluate_scores_the_functions_answers_and_writes_the_mistakes(
    onnx_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(labelled(onnx_model, wrong=4), onnx_model, tmp_path) == 0.5
    said = capsys.readouterr().out
    assert "accuracy 50.0%" in said
    assert "fp32: the fp32 model is not on this machine" in said
    with (tmp_path / "mistakes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["text"] for row in rows} == {"good", "bad", "The train was late.", "'=1+1"}, "no text becomes a formula"
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert all(row["label"] != row["model"] for row in rows)


def test_evaluate_compares_with_the_fp32_model_if_it_exists(
    onnx_model: Path, tiny_source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(labelled(onnx_model, wrong=0), onnx_model, tmp_path, source=str(tiny_source))
    said = capsys.readouterr().out
    assert f"compared with fp32 ({tiny_source}): 100.0% of the labels agree (0 of the " in said
    with pytest.raises(CommandError, match="SOURCE: /nowhere cannot be loaded"):
        judge(labelled(onnx_model, wrong=0), onnx_model, tmp_path, source="/nowhere")


def test_labels_can_be_renamed_and_labels_unknown_to_the_model_are_mistakes(
    onnx_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"SOUR": "neg", "SWEET": "pos"}
    texts = [Labelled(text.line, text.text, names[text.label]) for text in labelled(onnx_model, wrong=0)]
    with pytest.raises(CommandError, match=r"labels are neg(, pos)?, the model's SOUR, SWEET; --rename neg="):
        judge(texts, onnx_model, tmp_path)
    assert judge(texts, onnx_model, tmp_path, rename=["neg=SOUR", "pos=SWEET"]) == 1.0
    meh = [*labelled(onnx_model, wrong=0), Labelled(9, "Neither.", "MEH")]
    assert judge(meh, onnx_model, tmp_path) == pytest.approx(8 / 9)
    assert "The model never says 'MEH': 1 texts count as mistakes." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rename", "says"),
    [("pos", "--rename: 'pos' must be FILE=MODEL"), ("joy=SWEET", "'joy' is none of the file's labels")],
)
def test_an_invalid_renaming_is_refused(onnx_model: Path, tmp_path: Path, rename: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        judge(labelled(onnx_model, wrong=0), onnx_model, tmp_path, rename=[rename])


@pytest.mark.slow(reason="starts the command")
def test_the_command_reads_a_csv_file_and_refuses_a_folder_without_a_model(tmp_path: Path) -> None:
    data = tmp_path / "labelled.csv"
    data.write_text("stimmung,satz\nPOSITIVE,I love it.\nNEGATIVE,Terrible!\n")
    command = [sys.executable, "-m", "tools.models.evaluate", "--data", data, "--mistakes", tmp_path / "mistakes.csv"]
    command += ["--text-column", "satz", "--label-column", "stimmung", "--model"]
    done = subprocess.run([*command, DEMO_MODEL], cwd=ROOT, capture_output=True, text=True, timeout=HANG_S)
    assert done.returncode == 0, done.stderr
    assert "accuracy 100.0%" in done.stdout
    done = subprocess.run([*command, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=HANG_S)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: MODEL: ")
