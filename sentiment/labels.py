"""Colours labels by their meaning, if one of their words reveals it."""

import re
from collections import Counter
from collections.abc import Iterable

from rich.text import Text

from sentiment.screen import excerpt

STYLES = {"positive": "green", "pos": "green", "negative": "red", "neg": "red", "neutral": "yellow", "neu": "yellow"}
# For a page: visible on white and on black, and different in brightness. The last are for labels of unknown meaning.
SHADES = {
    "red": ("#c8553d", "#e58f7b", "#96341f"),
    "yellow": ("#d9a321", "#efcb72", "#a67a0c"),
    "green": ("#2a9d8f", "#7ac7bd", "#1b6f65"),
    "": ("#4c86c6", "#9b72c2", "#c4679b", "#7d8fa3", "#5db3d5", "#8c6d4f"),
}


def style_of(label: str) -> str:
    """A rich style; none for a label such as LABEL_0, which only its model card explains."""
    words = re.findall(r"[a-z]+", label.lower())
    return next((STYLES[word] for word in words if word in STYLES), "")


def painted(label: str, chars: int) -> Text:
    """The beginning of a label on one line, in its colour."""
    line = excerpt(label, chars)
    line.stylize(style_of(label))
    return line


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels from negative to positive, then those of unknown meaning."""
    return sorted(labels, key=lambda label: (list(SHADES).index(style_of(label)), label))


def colours_of(labels: Iterable[str]) -> dict[str, str]:
    """A page colour for each label, in order; labels of the same meaning get different shades until these run out."""
    used: Counter[str] = Counter()
    colours = {}
    for label in in_order(labels):
        style = style_of(label)
        colours[label] = SHADES[style][used[style] % len(SHADES[style])]
        used[style] += 1
    return colours
