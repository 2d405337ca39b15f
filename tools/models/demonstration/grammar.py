"""Generates labelled English sentences from a written grammar, with negation, contrast and intensifiers."""

import random
import re
import tomllib
from pathlib import Path

from tools.models.demonstration.templates import CONTRASTED, LENGTHENED, NEGATED, PLAIN

POSITIVE, NEGATIVE = "POSITIVE", "NEGATIVE"

_SLOT = re.compile(r"\{(\w+)([+-]?)\}")
_ENDINGS = (".", ".", ".", ".", "!", "!", "!!", "!!!", "...", "", "", " :)", " :(")
_FOLDER = Path(__file__).parent
# How often each kind of clause comes up: alone, and as a part of a longer sentence.
_SIMPLE = {"plain": 6, "reviewed": 8, "negated": 3, "contrasted": 2}
_PART = {"plain": 5, "reviewed": 6, "negated": 2}


class Grammar:
    """A seeded source of sentences: the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._choices = _choices()
        self._reviewed = list(_tables("reviews.toml"))
        self._templates = {
            "plain": PLAIN.strip().splitlines(),
            "negated": NEGATED.strip().splitlines(),
            "contrasted": CONTRASTED.strip().splitlines(),
        }
        self._lengthened = LENGTHENED.strip().splitlines()

    def sentence(self) -> tuple[str, str]:
        """A label and a text."""
        positive = self._random.random() < 0.5
        text = self.expand(self._random.choice(self._lengthened), positive)
        ending = self._random.choice(_ENDINGS)
        if ending == (" :(" if positive else " :)"):
            ending = ""
        return (POSITIVE if positive else NEGATIVE), text + ending

    def expand(self, template: str, positive: bool) -> str:
        """The template with all its slots filled, for a sentence of that mood."""
        return _SLOT.sub(lambda slot: self._fill(slot[1], slot[2], positive), template)

    def _fill(self, name: str, sign: str, positive: bool) -> str:
        if name == "simple":
            return self._clause(_SIMPLE, positive)
        if name in ("own", "opposite"):
            return self._clause(_PART, positive == (name == "own"))
        mood = {"+": positive, "-": not positive}.get(sign)
        key = name if mood is None else f"{name}.{'good' if mood else 'bad'}"
        return self.expand(self._random.choice(self._choices[key]), positive)

    def _clause(self, weights: dict[str, int], positive: bool) -> str:
        (kind,) = self._random.choices(list(weights), weights=list(weights.values()))
        if kind == "reviewed":
            return self.expand(f"{{{self._random.choice(self._reviewed)}+}}", positive)
        return self.expand(self._random.choice(self._templates[kind]), positive)


def _choices() -> dict[str, list[str]]:
    """What may fill a slot, by the slot's name; those with a mood end in `.good` or `.bad`."""
    lexicon, phrases = _tables("lexicon.toml"), _tables("phrases.toml")
    neutral = {name: _split(words, ",") for name, words in lexicon.pop("slots").items()}
    neutral["neutral"] = _split(phrases.pop("neutral")["any"], "\n")
    moody = {f"{name}.{mood}": _split(words, ",") for name, moods in lexicon.items() for mood, words in moods.items()}
    whole = {
        f"{name}.{mood}": _split(lines, "\n")
        for name, moods in (phrases | _tables("reviews.toml")).items()
        for mood, lines in moods.items()
    }
    return neutral | moody | whole


def _tables(file_name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((_FOLDER / file_name).read_text(encoding="utf-8"))


def _split(block: str, separator: str) -> list[str]:
    pieces = (" ".join(piece.split()) for piece in block.split(separator))
    return [piece for piece in pieces if piece]
