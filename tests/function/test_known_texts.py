"""The build records a model's answers to known texts in the manifest, and a direct invocation checks them."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from function.answer import answer
from function.classifier import load
from function.known_texts import KNOWN_TEXTS
from function.manifest import MANIFEST_FILE, Manifest, ModelError
from tests.waiting import HANG_S
from tools.local.program import ROOT
from tools.local.stack import DEMO_MODEL


@pytest.mark.slow(reason="builds models with torch")
@pytest.mark.parametrize("model", ["onnx_model", "torch_model", "three_label_model"])
def test_a_build_records_the_answers_of_the_built_model(model: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(model)
    recorded = Manifest.read(folder).answers
    now = load(folder).classify([given.text for given in recorded])
    assert [given.text for given in recorded] == list(KNOWN_TEXTS)
    assert [given.sentiment for given in recorded] == [sentiment.label for sentiment in now]
    assert [given.score for given in recorded] == pytest.approx([sentiment.score for sentiment in now], abs=1e-6)


def test_the_committed_model_gives_the_answers_in_its_manifest() -> None:
    recorded = Manifest.read(DEMO_MODEL).answers
    now = load(DEMO_MODEL).classify(KNOWN_TEXTS)
    assert [given.text for given in recorded] == list(KNOWN_TEXTS)
    assert [given.sentiment for given in recorded] == [sentiment.label for sentiment in now]
    assert [given.score for given in recorded] == pytest.approx([sentiment.score for sentiment in now], abs=0.02)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A model folder from before manifests had answers."""
    folder = tmp_path / "model"
    shutil.copytree(DEMO_MODEL, folder)
    content = json.loads((folder / MANIFEST_FILE).read_bytes())
    del content["answers"]
    (folder / MANIFEST_FILE).write_text(json.dumps(content))
    return folder


def test_an_old_manifest_without_answers_loads_and_a_command_adds_them(older: Path) -> None:
    assert Manifest.read(older).answers == ()
    command = [sys.executable, "-m", "function.known_texts"]
    subprocess.run([*command, str(older)], cwd=ROOT, check=True, timeout=HANG_S)
    assert [given.text for given in Manifest.read(older).answers] == list(KNOWN_TEXTS)
    none = subprocess.run([*command, str(older / "x")], cwd=ROOT, capture_output=True, text=True, timeout=HANG_S)
    assert (none.returncode, none.stderr) == (1, f"error: there is no model folder at {older / 'x'}\n")


@pytest.mark.parametrize(
    "answers",
    [
        None,
        {},
        [1],
        [{"text": "Good."}],
        [{"text": "Good.", "sentiment": "GOOD", "score": 0.9}],
        [{"text": "Good.", "sentiment": "POSITIVE", "score": "0.9"}],
        [{"text": "Good.", "sentiment": "POSITIVE", "score": 0.9, "more": 1}],
    ],
)
def test_malformed_answers_in_a_manifest_are_refused(older: Path, answers: Any) -> None:
    content = json.loads((older / MANIFEST_FILE).read_bytes())
    (older / MANIFEST_FILE).write_text(json.dumps({**content, "answers": answers}))
    with pytest.raises(ModelError, match="malformed: answers is"):
        Manifest.read(older)


def test_a_check_returns_the_models_identity_and_its_answers_then_and_now() -> None:
    classifier = load(DEMO_MODEL)
    checked = answer({"check": True}, classifier, 1.0, False)
    manifest = classifier.manifest
    assert checked["statusCode"] == 200
    assert checked["model"] == {
        "model_id": "sentiment-analyzer/demo",
        "model_revision": manifest.model_revision,
        "backend": "onnx",
        "labels": ["NEGATIVE", "POSITIVE"],
    }
    for result, built in zip(checked["results"], manifest.answers, strict=True):
        assert result["built"] == {"sentiment": built.sentiment, "score": built.score}
        assert (result["text"], result["sentiment"]) == (built.text, built.sentiment)
        assert result["score"] == pytest.approx(built.score, abs=0.02)


def test_a_check_asks_the_model_again_instead_of_copying_the_manifest() -> None:
    classifier = load(DEMO_MODEL)
    first, *others = classifier.manifest.answers
    classifier.manifest = replace(  # type: ignore[misc]
        classifier.manifest, answers=(replace(first, sentiment="NEGATIVE", score=0.6), *others)
    )
    result = answer({"check": True}, classifier, 1.0, False)["results"][0]
    assert result["sentiment"] == "POSITIVE"
    assert result["score"] > 0.9
    assert result["built"] == {"sentiment": "NEGATIVE", "score": 0.6}


def test_a_check_of_an_older_build_has_no_results(older: Path) -> None:
    checked = answer({"check": True}, load(older), 1.0, False)
    assert (checked["statusCode"], checked["results"]) == (200, [])


@pytest.mark.parametrize("event", [{"check": False}, {"check": "yes"}, {"check": 1}])
def test_only_check_true_counts_as_a_check(event: dict[str, Any]) -> None:
    assert answer(event, load(DEMO_MODEL), 1.0, False)["statusCode"] == 400
