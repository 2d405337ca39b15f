"""A few short texts, to which a deployed model must give the same answers as when it was built."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from function.classifier import Classifier, load
from function.manifest import Answer, ModelError

KNOWN_TEXTS = (
    "This is amazing! I love it.",
    "Terrible, worst experience ever.",
    "The parcel came on Tuesday.",
    "Great little café!",
    "It broke twice in a week, so I gave up.",
)
SCORE_DECIMALS = 6


def answers(classifier: Classifier, texts: Sequence[str] = KNOWN_TEXTS) -> tuple[Answer, ...]:
    """The model's answers to some texts, in their order."""
    return tuple(
        Answer(text, sentiment.label, round(sentiment.score, SCORE_DECIMALS))
        for text, sentiment in zip(texts, classifier.classify(texts), strict=True)
    )


def record(model_dir: Path) -> None:
    """Write a built model's answers into its manifest; ModelError if the folder is missing or damaged."""
    classifier = load(model_dir)
    replace(classifier.manifest, answers=answers(classifier)).write(model_dir)


if __name__ == "__main__":  # `python -m function.known_texts DIR`: for a folder that an older build_model wrote
    try:
        record(Path(sys.argv[1]))
    except ModelError as error:
        sys.exit(f"error: {error}")
