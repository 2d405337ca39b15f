"""Colours labels on a screen by their meaning, if one of their words reveals it."""

import re

from rich.text import Text

from sentiment.screen import excerpt

STYLES = {"positive": "green", "pos": "green", "negative": "red", "neg": "red", "neutral": "yellow", "neu": "yellow"}


def style_of(label: str) -> str:
    """A rich style; none for a label such as LABEL_0, which only its model card explains."""
    words = re.findall(r"[a-z]+", label.lower())
    return next((STYLES[word] for word in words if word in STYLES), "")


def painted(label: str, chars: int) -> Text:
    """The beginning of a label on one line, in its colour."""
    line = excerpt(label, chars)
    line.stylize(style_of(label))
    return line
