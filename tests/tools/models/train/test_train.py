"""`make train` on a tiny encoder: the file's own labels, a folder that the function loads, a resumed run."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from function.classifier import load
from function.manifest import sha256
from sentiment.errors import CommandError
from tests.tools.models.moods import WORDS, tiny_encoder, write_csv
from tools.models.labelled import Labelled, read, split
from tools.models.record import Record
from tools.models.train import fine_tune, run
from tools.models.train.fine_tune import Recipe

pytestmark = pytest.mark.slow(reason="trains tiny models")
RECIPE = Recipe(epochs=6, batch_size=16, learning_rate=5e-3)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("data") / "moods.csv")


@pytest.fixture
def trained(base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Train in folders for this test alone; return the model's folder."""
    monkeypatch.setattr(run, "MODELS", tmp_path / "models")
    monkeypatch.setattr(run, "WORK", tmp_path / "work")

    def train(name: str = "moods", **changes: Any) -> Path:
        texts, held_out = split(read(data, text_column="review", label_column="mood"), 0.2)
        run.train(texts, held_out, **{"data": data, "base": str(base), "name": name, "recipe": RECIPE} | changes)
        return tmp_path / "models" / name

    return train


def test_training_learns_the_files_labels_and_the_function_loads_the_model(
    trained: Callable[..., Path], data: Path, base: Path
) -> None:
    folder = trained()
    classifier = load(folder)
    assert classifier.manifest.labels == tuple(sorted(WORDS))
    record = Record.read(folder)
    assert record is not None
    _, held_out = split(read(data, text_column="review", label_column="mood"), 0.2)
    given = classifier.classify([text.text for text in held_out])
    right = sum(text.label == answer.label for text, answer in zip(held_out, given, strict=True)) / len(held_out)
    assert record.held_out["accuracy"] == pytest.approx(right, abs=1e-4)
    assert right > 0.8, "chance alone would give a third"
    assert record.held_out["texts"] + sum(record.trained_on.values()) == 240
    assert (record.base, record.data, record.data_sha256) == (str(base), "moods.csv", sha256(data))


def test_equal_texts_and_seeds_give_equal_weights_and_another_seed_does_not(
    trained: Callable[..., Path],
) -> None:
    short = replace(RECIPE, epochs=1)
    revisions = [
        load(trained(name, recipe=recipe)).manifest.model_revision  # the digest of the fp32 weights
        for name, recipe in (("one", short), ("two", short), ("three", replace(short, seed=2)))
    ]
    assert revisions[0] == revisions[1] != revisions[2]


def test_an_interrupted_run_resumes_from_its_checkpoint(
    trained: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Killed(Exception):
        pass

    def dies(progress: Any, args: Any, state: Any, control: Any, **others: Any) -> None:
        if state.global_step == 40:
            raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(fine_tune.Progress, "on_step_begin", dies)
        with pytest.raises(Killed):
            trained()
    assert not (tmp_path / "models" / "moods").exists()
    capsys.readouterr()
    steps: list[int] = []
    monkeypatch.setattr(
        fine_tune.Progress, "on_step_end", lambda self, args, state, *_, **__: steps.append(state.global_step)
    )
    record = Record.read(trained())
    assert re.search(r"resuming from .*checkpoint-(\d+)\n", capsys.readouterr().out)
    assert 30 < steps[0] <= 40
    assert steps == list(range(steps[0], steps[-1] + 1))
    assert record is not None
    assert steps[-1] == 6 * -(-sum(record.trained_on.values()) // RECIPE.batch_size)
    assert record.held_out["accuracy"] > 0.8


def test_other_texts_or_another_recipe_use_another_checkpoint() -> None:
    texts = [Labelled(1, "Good", "a"), Labelled(2, "Bad", "b")]
    digests = {
        run._digest(texts, "base", None, Recipe()),
        run._digest(texts[:1], "base", None, Recipe()),
        run._digest(texts, "other", None, Recipe()),
        run._digest(texts, "base", "714eb0f", Recipe()),
        run._digest(texts, "base", None, Recipe(seed=2)),
    }
    assert len(digests) == 5
    assert run._digest(texts, "base", None, Recipe()) in digests


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "../demo"}, "--name: '../demo' must be the name of a folder"),
        ({"name": "demo"}, "and not demo"),
        ({"base": "/nowhere"}, "BASE: /nowhere cannot be loaded"),
        ({"backend": "abacus"}, "--backend: 'abacus' must be one of onnx, torch"),
    ],
)
def test_invalid_arguments_are_refused_before_training_starts(
    trained: Callable[..., Path], changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(CommandError, match=says):
        trained(**changes)


def test_a_base_that_the_function_cannot_serve_is_refused_before_training(
    trained: Callable[..., Path], base: Path, tmp_path: Path
) -> None:
    other = tmp_path / "relu"
    other.mkdir()
    for path in base.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    config = json.loads((base / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"activation": "relu"}))
    with pytest.raises(CommandError, match=r"BASE: .*gelu"):
        trained(base=str(other))
    assert not (tmp_path / "work").exists()


def test_training_needs_two_labels_that_both_sides_have() -> None:
    both = [Labelled(1, "x", "a"), Labelled(2, "y", "b")]
    with pytest.raises(CommandError, match="label 'c': 0 texts to train on and 1 held out"):
        run._labels(both, [*both, Labelled(3, "z", "c")])
    with pytest.raises(CommandError, match=r"have the labels \['a'\]; at least two"):
        run._labels(both[:1], both[:1])


def test_training_excludes_the_texts_of_the_held_out_file(capsys: pytest.CaptureFixture[str]) -> None:
    texts = [Labelled(1, "Good", "a"), Labelled(2, "Bad", "b"), Labelled(3, "bad ", "a")]
    assert run._apart(texts, [Labelled(9, "GOOD", "b")]) == texts[1:]
    said = capsys.readouterr().out
    assert "1 texts are held out too" in said
    assert "1 texts have more than one label" in said
