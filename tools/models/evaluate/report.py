"""Reports a model's results on labelled texts: scores by class, agreement with fp32, the most confident mistakes."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from function.classifier import Classifier, load
from function.manifest import ModelError, sha256
from function.verdict import Sentiment
from sentiment.errors import CommandError
from sentiment.labels import painted
from sentiment.screen import answers, excerpt
from sentiment.spreadsheet import protected
from tools.models.evaluate.judge import classified
from tools.models.labelled import Labelled, counts
from tools.models.record import Record
from tools.models.score import SHOWN_CHARS, Score
from tools.project import ROOT

TEXT_CHARS = 90
COLUMNS = ("line", "label", "model", "score", "truncated", "text")

Judged = list[tuple[Labelled, Sentiment]]


def evaluate(
    texts: Sequence[Labelled],
    model_dir: Path,
    *,
    source: str | None,
    rename: Sequence[str],
    mistakes: Path,
    show: int,
) -> Score:
    """Print the results, and write the mistakes as CSV, the most confident first; returns the score.

    CommandError if the model is missing, or knows none of the labels.
    """
    try:
        classifier = load(model_dir)
    except ModelError as error:
        raise CommandError(f"MODEL: {error}") from error
    texts = _renamed(texts, rename)
    _look_at_the_labels(texts, classifier)
    judged = list(classified(classifier, texts))
    score = Score.of((text.label, given.label) for text, given in judged)
    manifest = classifier.manifest
    answers.print(f"[bold]{manifest.model_id}[/] {manifest.model_revision}, {manifest.backend}, on {score.texts} texts")
    answers.print(
        f"accuracy {score.accuracy:.1%} ({score.chance:.1%} by the commonest label), macro F1 {score.macro_f1:.3f}"
    )
    answers.print(score.by_class())
    answers.print(score.matrix())
    if truncated := sum(given.truncated for _, given in judged):
        answers.print(f"{truncated} texts were cut at {manifest.max_tokens} tokens")
    _compare(texts, classifier, model_dir, source)
    _mistakes(judged, mistakes, show)
    return score


def _renamed(texts: Sequence[Labelled], rename: Sequence[str]) -> list[Labelled]:
    names: dict[str, str] = {}
    for pair in rename:
        theirs, equals, ours = pair.partition("=")
        if not (theirs and equals and ours):
            raise CommandError(f"--rename: {pair!r} must be FILE=MODEL, such as pos=POSITIVE")
        names[theirs] = ours
    if unknown := names.keys() - counts(texts).keys():
        raise CommandError(f"--rename: {min(unknown)!r} is none of the file's labels: {', '.join(counts(texts))}")
    return [replace(text, label=names.get(text.label, text.label)) for text in texts]


def _look_at_the_labels(texts: Sequence[Labelled], classifier: Classifier) -> None:
    known = classifier.manifest.labels
    unknown = {label: count for label, count in counts(texts).items() if label not in known}
    if sum(unknown.values()) == len(texts):
        raise CommandError(
            f"the file's labels are {', '.join(unknown)}, the model's {', '.join(known)}; --rename "
            f"{next(iter(unknown))}={known[0]} says which is which"
        )
    for label, count in unknown.items():
        answers.print(f"[yellow]The model never says {label!r}: {count} texts count as mistakes.[/]", highlight=False)


def _compare(texts: Sequence[Labelled], classifier: Classifier, model_dir: Path, source: str | None) -> None:
    """Agreement and score differences between the built model and the fp32 one it was built from."""
    manifest = classifier.manifest
    given = source or _own_source(model_dir, manifest.model_revision)
    if not given:
        answers.print("fp32: the fp32 model is not on this machine; SOURCE=folder compares with it")
        return
    from transformers.utils import logging

    from function.model_build import parity
    from function.model_build.source import UnsuitableModel, load_source

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        fp32 = load_source(given, None if Path(given).is_dir() else manifest.model_revision, manifest.backend)
    except UnsuitableModel as error:
        raise CommandError(f"SOURCE: {error}") from error
    found = parity.measure(classifier, fp32, [text.text for text in texts])
    answers.print(
        f"compared with fp32 ({given}): {1 - found.flipped / found.texts:.1%} of the labels agree ("
        f"{found.decided_flipped} of the {found.decided} that fp32 is decided about do not); scores differ by "
        f"{found.mean_score_difference:.4f} on average, by {found.max_score_difference:.4f} at most",
        highlight=False,
    )


def _own_source(model_dir: Path, revision: str) -> str | None:
    """The fp32 model that `make train` left on this machine, if it still matches."""
    record = Record.read(model_dir)
    weights = ROOT / record.source / "model.safetensors" if record else None
    if record and weights and weights.is_file() and sha256(weights)[: len(revision)] == revision:
        return str(ROOT / record.source)
    return None


def _mistakes(judged: Judged, path: Path, show: int) -> None:
    wrong = [(text, given) for text, given in judged if text.label != given.label]
    wrong.sort(key=lambda pair: -pair[1].score)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for text, given in wrong:
            row = (text.line, text.label, given.label, f"{given.score:.4f}", given.truncated, text.text)
            writer.writerow(map(protected, row))
    table = Table(title="The most confident mistakes", title_justify="left")
    for heading in ("line", "file", "model", "score", "text"):
        table.add_column(heading, no_wrap=heading != "text")
    for text, given in wrong[:show]:
        labels = painted(text.label, SHOWN_CHARS), painted(given.label, SHOWN_CHARS)
        table.add_row(str(text.line), *labels, f"{given.score:.3f}", excerpt(text.text, TEXT_CHARS))
    if wrong[:show]:
        answers.print(table)
    answers.print(f"{len(wrong)} mistakes are in {path}")
