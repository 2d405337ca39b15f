"""The demonstration model's WordPiece vocabulary."""

import pytest

from tools.models.demonstration.grammar import Grammar
from tools.models.demonstration.vocabulary import train_tokenizer

pytestmark = pytest.mark.slow(reason="trains tokenizers")


def texts(count: int) -> list[str]:
    grammar = Grammar(6)
    return [grammar.sentence()[1] for _ in range(count)]


def test_the_tokenizer_works_as_distilberts_own_does() -> None:
    tokenizer = train_tokenizer(texts(2_000))
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("NOT good, Café!")["input_ids"])
    assert tokens[0] == "[CLS]"
    assert tokens[-1] == "[SEP]"
    assert tokens[1:4] == ["not", "good", ","], "lower case, punctuation apart"
    assert tokenizer("café")["input_ids"] == tokenizer("cafe")["input_ids"], "accents are dropped"
    assert tokenizer.model_max_length == 512


def test_the_same_texts_give_the_same_vocabulary() -> None:
    assert train_tokenizer(texts(500)).get_vocab() == train_tokenizer(texts(500)).get_vocab()


def test_a_word_never_seen_is_told_by_its_stem_and_ending_and_no_letter_is_unknown() -> None:
    tokenizer = train_tokenizer(texts(5_000))
    assert tokenizer.tokenize("waitered") == ["waiter", "##ed"]
    assert "[UNK]" not in tokenizer.tokenize("qzxjk 0123 ?!")
