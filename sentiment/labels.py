"""How a label is painted on a screen: by its meaning, where one of its words tells it."""

import re

from rich.text import Text

from sentiment.screen import excerpt

STYLES = {"positive": "green", "pos": "green", "negative": "red", "neg": "red", "neutral": "yellow", "neu": "yellow"}


def style_of(label: str) -> str:
    """A style of rich; none for a label such as LABEL_0, whose meaning only its model's card tells."""
    words = re.findall(r"[a-z]+", label.lower())
    return next((STYLES[word] for word in words if word in STYLES), "")


def painted(label: str, chars: int) -> Text:
    """The beginning of a label in one line, in its colour."""
    line = excerpt(label, chars)
    line.stylize(style_of(label))
    return line
