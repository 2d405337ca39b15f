"""The grammar that the demonstration model's sentences come from."""

import re
import tomllib
from pathlib import Path

from local.demo_model.grammar import NEGATIVE, POSITIVE, Grammar

NEGATED = re.compile(r"(?:not|never|far from|anything but|hardly|no longer) (\w+)(?: at all)?\W*")
FOLDER = Path(__file__).parents[2] / "local" / "demo_model"


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


def test_no_hold_out_sentence_stands_in_the_grammar() -> None:
    written = "\n".join(
        (FOLDER / name).read_text(encoding="utf-8").lower() for name in ("phrases.toml", "lexicon.toml")
    )
    for line in (FOLDER / "holdout.tsv").read_text(encoding="utf-8").splitlines():
        sentence = line.split("\t")[1].lower().rstrip(".!?")
        assert sentence not in written, "the hold-out would then measure memory"
