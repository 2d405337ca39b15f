"""build_model loads suitable checkpoints as fp32, and refuses others before it converts anything."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from function import build_model
from function.classifier import load
from function.manifest import sha256
from function.model_build import onnx_graph, parity
from function.model_build.source import UNLIMITED, UnsuitableModel, load_source, revision_of
from tests.model_kinds import make_kind
from tests.tiny_model import TINY_DISAGREEMENT, TINY_LABELS, wordpieces

pytestmark = pytest.mark.slow(reason="loads models with torch")

Change = Callable[[Path], None]


def in_config(**fields: Any) -> Change:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_bytes()) | fields))

    return change


def in_weights(edit: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Change:
    def change(folder: Path) -> None:
        path = folder / "model.safetensors"
        save_file(edit(load_file(path)), path, metadata={"format": "pt"})

    return change


def without(*names: str) -> Change:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def with_more_tokens(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["#product", "@user"])
    tokenizer.save_pretrained(folder)


def as_an_adapter(folder: Path) -> None:
    without("config.json", "model.safetensors")(folder)
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}')


def as_an_lfs_pointer(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n")


def as_a_pickle(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    without("model.safetensors")(folder)


def in_shards(folder: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    without("model.safetensors")(folder)
    model.save_pretrained(folder, max_shard_size="200KB")


@pytest.fixture
def changed(tiny_source: Path, tmp_path: Path) -> Callable[[Change], Path]:
    def copy(change: Change) -> Path:
        folder = tmp_path / "checkpoint"
        shutil.copytree(tiny_source, folder)
        change(folder)
        return folder

    return copy


UNSUITABLE: dict[str, tuple[Change, str]] = {
    "no head": (
        in_weights(lambda weights: {name: tensor for name, tensor in weights.items() if "classifier" not in name}),
        r"lack the classification head \(classifier\.bias, .* which would be random: fine-tune it as a text classifier",
    ),
    "half a layer": (
        in_weights(lambda weights: {name: tensor for name, tensor in weights.items() if "lin1" not in name}),
        "lack a part of the model",
    ),
    "other shapes": (
        in_config(id2label={"0": "a", "1": "b", "2": "c"}),
        r"the shapes of its weights do not match its config\.json: classifier\.bias is \(2,\) for \(3,\)",
    ),
    "not finite": (
        in_weights(lambda weights: weights | {"classifier.bias": torch.tensor([0, float("inf")])}),
        r"not finite: classifier\.bias",
    ),
    "one output": (in_config(id2label={"0": "LABEL_0"}), r"with 1 output\(s\): it gives numbers"),
    "regression": (in_config(problem_type="regression"), "problem_type is regression"),
    "multi-label": (in_config(problem_type="multi_label_classification"), "any number of its labels may apply"),
    "labels with a gap": (in_config(id2label={"1": "a", "2": "b"}), "must name the outputs 0 to 1"),
    "more tokens than rows": (with_more_tokens, r"2 token\(s\) beyond the \d+ rows of its embedding \(#product, @user"),
    "no tokenizer": (without("tokenizer.json", "tokenizer_config.json"), "no tokenizer with words"),
    "another task": (in_config(model_type="whisper"), "no text classifier of model_type 'whisper'"),
    "quantised": (in_config(quantization_config={"quant_method": "gptq", "bits": 4}), "already quantised"),
    "code of its own": (
        in_config(model_type="fancy", auto_map={"AutoConfig": "fancy.Config"}),
        "needs code of its own",
    ),
    "no weights": (without("model.safetensors"), r"neither model\.safetensors nor pytorch_model\.bin"),
    "no config": (without("config.json"), r"no config\.json"),
    "an adapter": (as_an_adapter, "an adapter without its model"),
    "an LFS pointer": (as_an_lfs_pointer, r"model\.safetensors is a Git LFS pointer"),
}


@pytest.mark.parametrize(("change", "reason"), UNSUITABLE.values(), ids=UNSUITABLE.keys())
def test_an_unsuitable_checkpoint_is_refused_with_a_reason(
    changed: Callable[[Change], Path], change: Change, reason: str
) -> None:
    folder = changed(change)
    with pytest.raises(UnsuitableModel, match=reason) as refusal:
        load_source(str(folder), None, "onnx")
    assert str(refusal.value).startswith(f"{folder} cannot be served: ")
    assert "\n" not in str(refusal.value)


def test_build_model_refuses_before_it_converts_and_leaves_nothing_behind(
    changed: Callable[[Change], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = changed(UNSUITABLE["no head"][0])
    monkeypatch.setattr(onnx_graph, "write", lambda model, path: pytest.fail("build_model converted it"))
    assert build_model.main(["--model", str(folder), "--backend", "onnx", "--output", str(tmp_path / "model")]) == 1
    assert capsys.readouterr().err.startswith(f"build_model: error: {folder} cannot be served: its weights lack")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_half_precision_checkpoint_is_served_as_fp32(changed: Callable[[Change], Path], tmp_path: Path) -> None:
    def half(folder: Path) -> None:
        AutoModelForSequenceClassification.from_pretrained(folder).half().save_pretrained(folder)

    folder = changed(half)
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
    assert load_source(str(folder), None, "torch").model.dtype == torch.float32
    build_model.build(str(folder), None, "torch", tmp_path / "model")
    assert {tensor.dtype for tensor in load_file(tmp_path / "model" / "model.safetensors").values()} == {torch.float32}
    assert json.loads((tmp_path / "model" / "config.json").read_bytes())["dtype"] == "float32"


@pytest.mark.parametrize("change", [as_a_pickle, in_shards], ids=["a pickle", "shards"])
def test_pickled_and_sharded_weights_give_the_same_model(
    changed: Callable[[Change], Path], tiny_source: Path, change: Change
) -> None:
    model = load_source(str(changed(change)), None, "onnx").model
    whole = load_file(tiny_source / "model.safetensors")
    assert all(torch.equal(tensor, whole[name]) for name, tensor in model.state_dict().items())


def test_a_folders_revision_is_the_digest_of_all_its_weight_shards(
    changed: Callable[[Change], Path], tiny_source: Path
) -> None:
    assert revision_of(tiny_source) == sha256(tiny_source / "model.safetensors")[:12]
    folder = changed(in_shards)
    before = revision_of(folder)
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    for shard in shards:
        content = shard.read_bytes()
        shard.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert revision_of(folder) != before, f"{shard.name} changed"
        shard.write_bytes(content)
    assert revision_of(folder) == before


def test_roberta_takes_fewer_tokens_than_it_has_positions(tiny_source: Path, tmp_path: Path) -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(tiny_source / "tokenizer.json"), pad_token="[PAD]")
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=42,
        pad_token_id=1,
        id2label=dict(enumerate(TINY_LABELS)),
    )
    RobertaForSequenceClassification(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert AutoTokenizer.from_pretrained(tmp_path).model_max_length > 10**9, "like many real ones, it sets no limit"
    source = load_source(str(tmp_path), None, "torch")
    assert source.max_tokens == 40
    source.model(torch.full((1, 40), 7))
    with pytest.raises((IndexError, RuntimeError)):
        source.model(torch.full((1, 41), 7))


def test_a_model_without_a_token_limit_is_refused(
    changed: Callable[[Change], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlimited(folder: Path) -> None:
        path = folder / "tokenizer_config.json"
        path.write_text(json.dumps(json.loads(path.read_bytes()) | {"model_max_length": 10**30}))

    folder = changed(unlimited)
    assert load_source(str(folder), None, "onnx").max_tokens == 512, "the model's own limit is enough"
    monkeypatch.setattr("function.model_build.source.positions", lambda model: UNLIMITED)
    with pytest.raises(UnsuitableModel, match="set model_max_length"):
        load_source(str(folder), None, "onnx")


def test_torch_needs_a_padding_token_and_onnx_does_not(changed: Callable[[Change], Path]) -> None:
    folder = changed(in_config(pad_token_id=None))
    with pytest.raises(UnsuitableModel, match="no padding token"):
        load_source(str(folder), None, "torch")
    load_source(str(folder), None, "onnx")


def test_a_tokenizer_that_transformers_reads_as_another_kind_is_refused(tmp_path: Path) -> None:
    """As with camembertv2: RoBERTa's class, but WordPiece's tokenizer.json."""
    folder = make_kind("roberta", tmp_path / "checkpoint")
    load_source(str(folder), None, "onnx")
    wordpieces().backend_tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(
        UnsuitableModel, match=r"reads its tokenizer\.json as RobertaTokenizer, which gives other tokens"
    ):
        load_source(str(folder), None, "onnx")


def test_a_sentencepiece_model_without_tokenizer_json_is_refused_with_the_way_out(tmp_path: Path) -> None:
    folder = make_kind("xlm-roberta", tmp_path / "checkpoint")
    (folder / "tokenizer.json").unlink()
    (folder / "sentencepiece.bpe.model").write_bytes(b"\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02")
    with pytest.raises(UnsuitableModel, match=r"a sentencepiece model without tokenizer\.json: .* save_pretrained"):
        load_source(str(folder), None, "onnx")


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_function_truncates_the_side_that_the_tokenizer_names(
    side: str, changed: Callable[[Change], Path], tmp_path: Path
) -> None:
    def short(folder: Path) -> None:
        config = json.loads((folder / "tokenizer_config.json").read_text())
        settings = {"model_max_length": 12, "truncation_side": side}
        (folder / "tokenizer_config.json").write_text(json.dumps({**config, **settings}))

    folder = changed(short)
    build_model.build(str(folder), None, "onnx", tmp_path / "built", max_disagreement=TINY_DISAGREEMENT)
    built, source = load(tmp_path / "built"), load_source(str(folder), None, "onnx")
    texts = ["good " * 20 + "bad " * 20, "bad " * 20 + "good " * 20]
    np.testing.assert_allclose(built.probabilities(texts), parity.probabilities(source, texts), atol=0.02)
    assert all(sentiment.truncated for sentiment in built.classify(texts))
    assert np.abs(np.diff(built.probabilities(texts), axis=0)).max() > 0.05, "both sides would look alike"
