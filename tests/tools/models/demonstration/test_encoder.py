"""The encoder cut out of a BERT has the same hidden states, fewer layers, and the frequent words."""

import sys
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

from tools.models.demonstration.encoder import cut

PIECES = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "!", "a", "b", "\u05d0", "##a", "##\u05d0"]
VOCABULARY = [*PIECES, "rare", "the", "good", "##ing", "##ly", "##ness", "lamp"]
FREQUENCY = {"the": 7.7, "good": 6.1, "lamp": 4.2, "rare": 4.0}


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    folder = tmp_path / "bert"
    torch.manual_seed(1)
    BertModel(
        BertConfig(
            vocab_size=len(VOCABULARY),
            num_hidden_layers=3,
            hidden_size=16,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=32,
        )
    ).save_pretrained(folder)
    number = {piece: place for place, piece in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(number, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = [(token, number[token]) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a wordfreq that knows this test's words."""
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "wordfreq.py").write_text(
        f"FREQUENCY = {FREQUENCY}\ndef zipf_frequency(word, language):\n    return FREQUENCY[word]\n"
    )
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "wordfreq", raising=False)
    return folder


def states(folder: Path, text: str) -> torch.Tensor:
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    encoded = tokenizer(text, return_tensors="pt")
    with torch.inference_mode():
        given = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"])
    return given.last_hidden_state


def test_an_encoder_with_all_layers_has_berts_hidden_states(bert: Path, packages: Path, tmp_path: Path) -> None:
    cut(bert, packages, (0, 1, 2), 4, 3, tmp_path / "cut")
    text = "The good lamping! rare"
    assert torch.allclose(states(bert, text), states(tmp_path / "cut", text), atol=1e-5)


def test_the_cut_encoder_keeps_exactly_the_chosen_layers(bert: Path, packages: Path, tmp_path: Path) -> None:
    cut(bert, packages, (0, 2), 4, 3, tmp_path / "cut")
    whole, part = AutoModel.from_pretrained(bert), AutoModel.from_pretrained(tmp_path / "cut")
    assert part.config.n_layers == 2
    kept = [whole.encoder.layer[0].output.dense.weight, whole.encoder.layer[2].output.dense.weight]
    assert all(torch.equal(a, b.ffn.lin2.weight) for a, b in zip(kept, part.transformer.layer, strict=True))


def test_the_vocabulary_keeps_frequent_words_first_pieces_and_latin_characters(
    bert: Path, packages: Path, tmp_path: Path
) -> None:
    cut(bert, packages, (0,), 2, 1, tmp_path / "cut")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "cut")
    kept = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    assert kept == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "!", "a", "b", "##a", "the", "good", "##ing"]
    assert tokenizer.tokenize("The gooding!") == ["the", "good", "##ing", "!"]
    assert tokenizer("the")["input_ids"] == [2, kept.index("the"), 3]
    assert tokenizer.model_max_length == 32
