"""English texts that people rated, labelled and split into a training and a held-out part.

Source: additional_resources/hutto_ICWSM_2014.tar.gz in the sdist of vaderSentiment 2.5 (MIT; Hutto and Gilbert, 2014):
tweets, sentences of product and film reviews and of editorials, each with the mean of 20 people's ratings from -4 to 4.
They are other people's words: use them for training and evaluation, never commit them.
"""

import csv
import hashlib
import html
import io
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ARCHIVE = "hutto_ICWSM_2014.tar.gz"
FILES = {
    "tweets": "tweets",
    "amazon": "amazonReviewSnippets",
    "movie": "movieReviewSnippets",
    "nyt": "nytEditorialSnippets",
}
CLEAR = 1.0  # from this mean rating on, a text is positive or negative
NEUTRAL = 0.5  # below it, either way, a text is neutral; texts in between are left out
HELD_OUT_SHARE = 0.2  # of the documents


@dataclass(frozen=True)
class Rated:
    id: str
    document: str
    rating: float  # -4 to 4
    text: str

    @property
    def key(self) -> str:
        return " ".join(self.text.lower().split())

    def label(self, labels: int) -> str | None:
        if abs(self.rating) >= CLEAR:
            return "POSITIVE" if self.rating > 0 else "NEGATIVE"
        return "NEUTRAL" if labels == 3 and abs(self.rating) < NEUTRAL else None


def write(sdist: Path, folder: Path, labels: int = 2) -> tuple[Path, Path]:
    """Write train.csv and heldout.csv (id, text, label) with two or three labels; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "train.csv", folder / "heldout.csv"
    parts: dict[bool, list[tuple[str, str, str]]] = {False: [], True: []}
    for rated, held_out in split(list(read(sdist))):
        if label := rated.label(labels):
            parts[held_out].append((rated.id, rated.text, label))
    for path, rows in zip(paths, parts.values(), strict=True):
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("id", "text", "label"), *rows])
    return paths


def read(sdist: Path) -> Iterator[Rated]:
    with tarfile.open(sdist) as outer:
        inner = outer.extractfile(next(member for member in outer if member.name.endswith(ARCHIVE)))
        assert inner is not None
        data = tarfile.open(fileobj=io.BytesIO(inner.read()))  # noqa: SIM115 - the caller's generator closes it
    with data:
        for source, name in FILES.items():
            for line in _lines(data, f"/{name}_GroundTruth.txt"):
                number, rating, text = line.split("\t", 2)
                if body := html.unescape(text).strip():
                    yield Rated(f"{source}-{number}", f"{source}-{number.split('_')[0]}", float(rating), body)


def _lines(data: tarfile.TarFile, ending: str) -> list[str]:
    # macOS adds files of the same name with "._" before it.
    member = next(member for member in data if member.name.endswith(ending) and "/._" not in member.name)
    file = data.extractfile(member)
    assert file is not None
    raw = file.read()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    return [line for line in text.lstrip("\ufeff").splitlines() if line.count("\t") >= 2]


def split(texts: Sequence[Rated]) -> Iterator[tuple[Rated, bool]]:
    """Each distinct text once, and whether it is held out: by a hash of its document, or of the first document that
    shares a text with it."""
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    for rated in texts:
        parents[root(f"text:{rated.key}")] = root(rated.document)
    documents = defaultdict(set)
    for rated in texts:
        documents[root(rated.document)].add(rated.document)
    seen: set[str] = set()
    for rated in texts:
        if rated.key not in seen:
            seen.add(rated.key)
            first = min(documents[root(rated.document)])
            yield rated, int(hashlib.sha256(f"split1:{first}".encode()).hexdigest()[:8], 16) / 2**32 < HELD_OUT_SHARE
