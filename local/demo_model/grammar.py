"""Generates labelled English sentences from a written grammar, with negation, contrast and intensifiers."""

import random
import re
import tomllib
from pathlib import Path

from local.demo_model.templates import CONTRASTED, LENGTHENED, NEGATED, PLAIN

POSITIVE, NEGATIVE = "POSITIVE", "NEGATIVE"

_SLOT = re.compile(r"\{(\w+)([+-]?)\}")
_ENDINGS = (".", ".", ".", ".", "!", "!", "!!", "!!!", "...", "", "", " :)", " :(")
_FOLDER = Path(__file__).parent


class Grammar:
    """A seeded source of sentences: the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._choices = _choices()
        self._clauses = {
            "plain": PLAIN.strip().splitlines(),
            "negated": NEGATED.strip().splitlines(),
            "contrasted": CONTRASTED.strip().splitlines(),
        }
        self._lengthened = LENGTHENED.strip().splitlines()

    def sentence(self) -> tuple[str, str]:
        """A label and a text."""
        positive = self._random.random() < 0.5
        text = self._expand(self._random.choice(self._lengthened), positive)
        ending = self._random.choice(_ENDINGS)
        if ending == (" :(" if positive else " :)"):
            ending = ""
        return (POSITIVE if positive else NEGATIVE), text + ending

    def _expand(self, template: str, positive: bool) -> str:
        return _SLOT.sub(lambda slot: self._fill(slot[1], slot[2], positive), template)

    def _fill(self, name: str, sign: str, positive: bool) -> str:
        if name == "simple":
            kinds = self._random.choices(list(self._clauses), weights=(5, 3, 2))
            return self._expand(self._random.choice(self._clauses[kinds[0]]), positive)
        if name in ("own", "opposite"):
            kinds = self._random.choices(("plain", "negated"), weights=(7, 3))
            return self._expand(self._random.choice(self._clauses[kinds[0]]), positive == (name == "own"))
        mood = {"+": positive, "-": not positive}.get(sign)
        key = name if mood is None else f"{name}.{'good' if mood else 'bad'}"
        return self._expand(self._random.choice(self._choices[key]), positive)


def _choices() -> dict[str, list[str]]:
    """What may fill a slot, by the slot's name; those with a mood end in `.good` or `.bad`."""
    lexicon = tomllib.loads((_FOLDER / "lexicon.toml").read_text(encoding="utf-8"))
    phrases = tomllib.loads((_FOLDER / "phrases.toml").read_text(encoding="utf-8"))
    neutral = {name: _split(words, ",") for name, words in lexicon.pop("slots").items()}
    neutral["neutral"] = _split(phrases.pop("neutral")["any"], "\n")
    moody = {f"{name}.{mood}": _split(words, ",") for name, moods in lexicon.items() for mood, words in moods.items()}
    whole = {f"{name}.{mood}": _split(lines, "\n") for name, moods in phrases.items() for mood, lines in moods.items()}
    return neutral | moody | whole


def _split(block: str, separator: str) -> list[str]:
    pieces = (" ".join(piece.split()) for piece in block.split(separator))
    return [piece for piece in pieces if piece]
