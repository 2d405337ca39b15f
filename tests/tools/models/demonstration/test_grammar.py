"""The grammar that the demonstration model's sentences come from."""

import re
import tomllib
from pathlib import Path

from tools.models.demonstration.grammar import NEGATIVE, POSITIVE, Grammar

NEGATED = re.compile(r"(?:not|never|far from|anything but|hardly|no longer) (\w+)(?: at all)?\W*")
FOLDER = Path(__file__).parents[4] / "tools" / "models" / "demonstration"
WRITTEN = ("lexicon.toml", "phrases.toml", "reviews.toml", "templates.py")


def sentences(seed: int, count: int) -> list[tuple[str, str]]:
    grammar = Grammar(seed)
    return [grammar.sentence() for _ in range(count)]


def test_the_same_seed_gives_the_same_sentences() -> None:
    assert sentences(1, 200) == sentences(1, 200)
    assert sentences(1, 200) != sentences(2, 200)


def test_every_slot_is_filled_and_nothing_is_empty() -> None:
    for _, text in sentences(3, 5_000):
        assert text.strip()
        assert "{" not in text
        assert "}" not in text


def test_both_moods_come_up_equally_often() -> None:
    labels = [label for label, _ in sentences(4, 5_000)]
    assert set(labels) == {POSITIVE, NEGATIVE}
    assert 0.45 < labels.count(POSITIVE) / len(labels) < 0.55


def test_negation_turns_a_words_mood_around() -> None:
    adjectives = tomllib.loads((FOLDER / "lexicon.toml").read_text(encoding="utf-8"))["adjective"]
    expected = dict.fromkeys(re.findall(r"(?<=, )\w+(?=,)", adjectives["good"]), NEGATIVE)
    expected |= dict.fromkeys(re.findall(r"(?<=, )\w+(?=,)", adjectives["bad"]), POSITIVE)
    found = [
        (label, expected[match[1]])
        for label, text in sentences(5, 40_000)
        if (match := NEGATED.fullmatch(text)) and match[1] in expected
    ]
    assert {wanted for _, wanted in found} == {POSITIVE, NEGATIVE}, "the sample must show both"
    assert all(label == wanted for label, wanted in found)


def test_every_slot_of_every_template_can_be_filled() -> None:
    grammar = Grammar(9)
    written = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in WRITTEN)
    for slot in sorted(set(re.findall(r"{\w+[+-]?}", written))):
        for positive in (True, False):
            assert "{" not in grammar.expand(slot, positive), slot


def test_no_development_or_hold_out_sentence_stands_in_the_grammar_and_they_share_none() -> None:
    written = "\n".join((FOLDER / name).read_text(encoding="utf-8").lower() for name in WRITTEN)
    kept_out = [
        [line.split("\t")[1].lower().rstrip(".!?") for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]
        for name in ("development.tsv", "holdout.tsv")
    ]
    for sentence in [sentence for sentences_of_one in kept_out for sentence in sentences_of_one]:
        assert sentence not in written, "the measure would then be of memory"
    assert set(kept_out[0]).isdisjoint(kept_out[1])
