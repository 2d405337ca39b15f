"""Classifies labelled texts with a built model, through the function's own code."""

from collections.abc import Iterator, Sequence

from rich.progress import track

from function.classifier import Classifier
from function.verdict import Sentiment
from sentiment.screen import notes
from tools.models.labelled import Labelled

TOGETHER = 100  # texts, like a large batch of messages


def classified(classifier: Classifier, texts: Sequence[Labelled]) -> Iterator[tuple[Labelled, Sentiment]]:
    """Each text with the model's answer, in order; shows progress on a terminal."""
    starts = range(0, len(texts), TOGETHER)
    for start in track(starts, "classifying", console=notes, transient=True, disable=not notes.is_terminal):
        some = texts[start : start + TOGETHER]
        yield from zip(some, classifier.classify([text.text for text in some]), strict=True)
