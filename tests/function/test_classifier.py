"""Both backends behind one interface, their batching, damaged model folders, and the demonstration model."""

import itertools
import json
import math
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from function.batching import RUN_COST, groups, most_positions, pair_cost
from function.classifier import Classifier, load
from function.manifest import DISTILBERT, ModelError, Shape
from function.model_build import parity
from tests.tiny_model import TINY_DISAGREEMENT
from tools.models.record import Record

ROOT = Path(__file__).parents[2]
DEMO_MODEL = ROOT / "function" / "models" / "demo"
SAMPLES = ROOT / "tools" / "local" / "samples.jsonl"
# Numbers of the samples that complain; all others praise.
COMPLAINTS = {2, 4, 6, 8, 10, 12, 14, 16, 18, 19, 22, 24, 26, 28, 30, 32, 33, 34, 36, 38, 40}

ODD_TEXTS = {
    "empty": "",
    "spaces": " \t\n ",
    "emoji": "👩‍👩‍👧‍👦🎉 ❤️",
    "right to left": "\u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\u202c",
    "Chinese": "这家餐厅太棒了" * 50,
    "NUL and control characters": "a\x00b\x07c\x1b[31m",
    "stacked accents": "e" + "\u0301" * 600,
    "one very long word": "a" * 20_000,
    "special tokens in plain text": "[CLS] [SEP] [MASK] [PAD] [UNK]",
}


BUILT = pytest.mark.slow(reason="builds models with torch")


@pytest.fixture(
    scope="session", params=["demo", pytest.param("onnx_model", marks=BUILT), pytest.param("torch_model", marks=BUILT)]
)
def classifier(request: pytest.FixtureRequest) -> Classifier:
    return load(DEMO_MODEL if request.param == "demo" else request.getfixturevalue(request.param))


@pytest.fixture
def damaged(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Copies the model with one file's content replaced."""

    def damage(name: str, content: bytes) -> Path:
        folder = tmp_path / "damaged"
        shutil.copytree(DEMO_MODEL, folder)
        (folder / name).write_bytes(content)
        return folder

    return damage


def one_token_words(count: int) -> str:
    return " ".join(["!"] * count)


def test_an_empty_batch_gets_no_sentiments(classifier: Classifier) -> None:
    assert classifier.classify([]) == []


def test_answers_come_in_the_order_of_the_texts(classifier: Classifier) -> None:
    texts = parity.sentences()[:12]
    texts[3] = texts[3] * 20  # a different length, so that batching has something to reorder
    alone = [classifier.classify([text])[0] for text in texts]
    together = classifier.classify(texts)
    assert len({round(answer.score, 3) for answer in alone}) > 6, "texts with equal scores would hide a wrong order"
    for expected, answer in zip(alone, together, strict=True):
        assert answer.label == expected.label
        assert answer.score == pytest.approx(expected.score, abs=1e-4)


def test_a_score_does_not_depend_on_neighbours_or_padding(classifier: Classifier) -> None:
    text = parity.sentences()[0]
    (alone,) = classifier.classify([text])
    for neighbour in ("!", one_token_words(510), "a" * 20_000, text * 8):
        for batch in ([text, neighbour], [neighbour, *[text] * 9]):
            answer = classifier.classify(batch)[batch.index(text)]
            assert answer.label == alone.label
            assert answer.score == pytest.approx(alone.score, abs=1e-4), f"beside {neighbour[:20]!r}"


def test_an_answer_is_the_more_probable_of_the_models_labels(classifier: Classifier) -> None:
    for answer in classifier.classify(parity.sentences()):
        assert answer.label in classifier.manifest.labels
        assert 0.5 <= answer.score <= 1


@pytest.mark.parametrize(("words", "truncated"), [(509, False), (510, False), (511, True), (600, True)])
def test_a_text_over_512_tokens_counts_as_truncated(classifier: Classifier, words: int, truncated: bool) -> None:
    (answer,) = classifier.classify([one_token_words(words)])
    assert answer.truncated is truncated, "the model takes 510 words and two special tokens"


def test_truncated_words_do_not_change_the_score(classifier: Classifier) -> None:
    (full,) = classifier.classify([one_token_words(510)])
    (cut,) = classifier.classify([one_token_words(510) + " good" * 90])
    assert cut == replace(full, truncated=True)


def test_one_long_text_does_not_mark_its_neighbours_as_truncated(classifier: Classifier) -> None:
    answers = classifier.classify(["good", one_token_words(800), "bad"])
    assert [answer.truncated for answer in answers] == [False, True, False]


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
def test_odd_texts_are_classified_like_any_other(classifier: Classifier, text: str) -> None:
    (answer,) = classifier.classify([text])
    assert answer.label in classifier.manifest.labels


@BUILT
def test_both_backends_agree(onnx_model: Path, torch_model: Path) -> None:
    texts = parity.sentences()
    pairs = list(zip(load(onnx_model).classify(texts), load(torch_model).classify(texts), strict=True))
    agreeing = sum(ours.label == theirs.label for ours, theirs in pairs)
    assert agreeing / len(pairs) >= 1 - TINY_DISAGREEMENT


def test_the_error_names_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model folder at .*nowhere"):
        load(tmp_path / "nowhere")


def test_the_error_on_a_missing_manifest_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no manifest\.json: function\.build_model writes one"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "cannot be read as JSON"),
        (b"[]", "not a JSON object"),
        (b'{"model_id": "x"}', "it lacks model_revision, backend, labels"),
    ],
)
def test_a_malformed_manifest_is_refused(damaged: Callable[[str, bytes], Path], content: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load(damaged("manifest.json", content))


@pytest.mark.parametrize(
    ("field", "value"), [("backend", "abacus"), ("labels", ["ONE"]), ("labels", "AB"), ("max_tokens", 0), ("sizes", {})]
)
def test_the_error_names_the_manifest_field_with_an_impossible_value(
    damaged: Callable[[str, bytes], Path], field: str, value: object
) -> None:
    content = json.loads((DEMO_MODEL / "manifest.json").read_bytes())
    with pytest.raises(ModelError, match=f"{field} is "):
        load(damaged("manifest.json", json.dumps(content | {field: value}).encode()))


def test_the_error_on_a_truncated_model_file_gives_both_sizes(damaged: Callable[[str, bytes], Path]) -> None:
    whole = (DEMO_MODEL / "model.onnx.data").read_bytes()
    with pytest.raises(ModelError, match=f"is damaged: {len(whole) // 2} bytes instead of {len(whole)}"):
        load(damaged("model.onnx.data", whole[: len(whole) // 2]))


def test_a_missing_model_file_is_refused(damaged: Callable[[str, bytes], Path]) -> None:
    folder = damaged("model.onnx", b"")
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"model\.onnx cannot be read"):
        load(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_corrupt_file_of_the_right_size_is_refused(damaged: Callable[[str, bytes], Path], name: str) -> None:
    with pytest.raises(ModelError, match="does not load"):
        load(damaged(name, b"\xff" * (DEMO_MODEL / name).stat().st_size))


def test_the_full_check_detects_one_flipped_bit(damaged: Callable[[str, bytes], Path]) -> None:
    content = bytearray((DEMO_MODEL / "model.onnx.data").read_bytes())
    content[len(content) // 2] ^= 1
    folder = damaged("model.onnx.data", bytes(content))
    check = [sys.executable, "-m", "function.manifest"]
    assert subprocess.run([*check, DEMO_MODEL], cwd=ROOT).returncode == 0
    outcome = subprocess.run([*check, folder], cwd=ROOT, capture_output=True, text=True)
    assert outcome.returncode == 1
    assert "model.onnx.data is damaged" in outcome.stderr


def test_the_onnx_backend_imports_neither_torch_nor_transformers() -> None:
    program = (
        "import sys, pathlib; from function.classifier import load; load(pathlib.Path(sys.argv[1])).classify(['good']);"
        "sys.exit(' '.join({'torch', 'transformers', 'onnx', 'boto3'} & set(sys.modules)))"
    )
    outcome = subprocess.run([sys.executable, "-c", program, DEMO_MODEL], cwd=ROOT, capture_output=True, text=True)
    assert outcome.stderr.strip() == ""


WIDE = Shape(layers=24, width=1024, inner=4096, heads=16, words=50_265)
NARROW = Shape(layers=6, width=384, inner=1536, heads=12, words=30_522)


@pytest.mark.parametrize("shape", [DISTILBERT, WIDE, NARROW])
def test_groups_hold_every_text_once_and_stay_within_the_limit(shape: Shape) -> None:
    lengths = [512, 3, 17, 512, 30, 5, 512, 512, 700, 120, 9, 28, 44, 512] + [12] * 400
    batches = groups(lengths, shape)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) * max(lengths[index] for index in batch) <= most_positions(shape) or len(batch) == 1
    assert len(batches) < 40, "texts of similar length must share a run"


@pytest.mark.parametrize("shape", [DISTILBERT, WIDE, NARROW])
def test_no_other_split_is_cheaper(shape: Shape) -> None:
    shuffled = random.Random(5)
    for _ in range(20):
        lengths = [min(512, int(shuffled.lognormvariate(3.5, 1))) + 2 for _ in range(7)]
        cheapest = min(run_cost(split, shape) for split in splits(sorted(lengths)))
        ours = [[lengths[index] for index in batch] for batch in groups(lengths, shape)]
        assert run_cost(ours, shape) == pytest.approx(cheapest)


def run_cost(batches: list[list[int]], shape: Shape) -> float:
    if any(len(batch) * max(batch) > most_positions(shape) for batch in batches if len(batch) > 1):
        return math.inf
    return sum(RUN_COST + pair_cost(shape) * len(batch) * max(batch) ** 2 for batch in batches)


def test_padding_costs_relatively_less_in_a_wider_model() -> None:
    assert pair_cost(WIDE) < pair_cost(DISTILBERT) < pair_cost(NARROW)


def splits(lengths: list[int]) -> Iterator[list[list[int]]]:
    """Every way to cut sorted lengths into consecutive runs."""
    for cuts in itertools.product([False, True], repeat=len(lengths) - 1):
        batches = [[lengths[0]]]
        for cut, length in zip(cuts, lengths[1:], strict=True):
            if cut:
                batches.append([])
            batches[-1].append(length)
        yield batches


def test_expensive_padding_separates_texts_of_different_lengths() -> None:
    assert [len(batch) for batch in groups([20, 100])] == [2]
    assert [len(batch) for batch in groups([20, 100], position_cost=1)] == [1, 1]


def test_an_empty_batch_has_no_groups() -> None:
    assert groups([]) == []


@pytest.mark.parametrize(("memory_mb", "threads"), [("512", 1), ("1769", 1), ("1770", 2), ("10240", 6)])
def test_the_number_of_threads_follows_the_functions_memory(
    monkeypatch: pytest.MonkeyPatch, memory_mb: str, threads: int
) -> None:
    from function.onnx_backend import session_options

    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory_mb)
    assert session_options().intra_op_num_threads == threads


@pytest.fixture(scope="module")
def demo() -> Classifier:
    return load(DEMO_MODEL)


def test_the_demo_model_is_intact_and_small(demo: Classifier) -> None:
    demo.manifest.check_digests(DEMO_MODEL)
    assert demo.manifest.model_id == "sentiment-analyzer/demo"
    assert sum(demo.manifest.sizes.values()) <= 12_000_000


def test_the_demo_model_gets_the_guides_sentences_right(demo: Classifier) -> None:
    answers = demo.classify(["This is amazing! I love it.", "Terrible, worst experience ever."])
    assert [answer.label for answer in answers] == ["POSITIVE", "NEGATIVE"]


def test_the_demo_model_carries_its_licence_and_accuracy() -> None:
    record = Record.read(DEMO_MODEL)
    assert record is not None
    assert (record.command, record.held_out["texts"]) == ("python -m tools.models.demonstration", 3_224)
    assert record.held_out["accuracy"] >= 0.86
    assert "Apache" in (DEMO_MODEL / "NOTICE").read_text(encoding="utf-8")


def test_the_demo_model_gets_nine_in_ten_demo_samples_right(demo: Classifier) -> None:
    samples = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    labels = ["NEGATIVE" if int(sample["id"][-3:]) in COMPLAINTS else "POSITIVE" for sample in samples]
    given = demo.classify([sample["text"] for sample in samples])
    wrong = [s["id"] for s, label, answer in zip(samples, labels, given, strict=True) if answer.label != label]
    assert len(wrong) <= 4, wrong
