"""How a label is painted on a screen: by its meaning, where one of its words tells it."""

import re

STYLES = {"positive": "green", "pos": "green", "negative": "red", "neg": "red", "neutral": "yellow", "neu": "yellow"}


def style_of(label: str) -> str:
    """A style of rich; none for a label such as LABEL_0, whose meaning only its model's card tells."""
    words = re.findall(r"[a-z]+", label.lower())
    return next((STYLES[word] for word in words if word in STYLES), "")
