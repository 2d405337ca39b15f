"""The rated texts: read from an archive like the real one, labelled by their rating, split by document."""

import csv
import io
import tarfile
from pathlib import Path

import pytest

from tools.models.demonstration.texts import ARCHIVE, FILES, Rated, read, split, write


def added(file: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    file.addfile(member, io.BytesIO(content))


@pytest.fixture
def sdist(tmp_path: Path) -> Path:
    """An archive with four texts of each source, and all the pitfalls of the real files."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as file:
        for source, name in FILES.items():
            added(file, f"data/._{name}_GroundTruth.txt", b"\x00\x05not a text")
            lines = f"1_1\t2.5\t{source} caf\u00e9 &amp; bar\n1_2\t-1.0\t{source} \u2013 no\n"
            lines += f"3\t0.2\tso so {source}\n4\t-0.8\tmeh\n"
            encoding = "cp1252" if source == "movie" else "utf-8-sig"
            added(file, f"data/{name}_GroundTruth.txt", (lines + "not a row\n5\t1.0\t \n").encode(encoding))
    path = tmp_path / "sdist.tar.gz"
    with tarfile.open(path, "w:gz") as file:
        added(file, f"x/additional_resources/{ARCHIVE}", inner.getvalue())
    return path


def test_every_whole_row_of_every_source_is_read_in_either_encoding(sdist: Path) -> None:
    found = list(read(sdist))
    assert len(found) == 4 * len(FILES)
    assert found[0] == Rated("tweets-1_1", "tweets-1", 2.5, "tweets café & bar")
    assert found[8] == Rated("movie-1_1", "movie-1", 2.5, "movie café & bar")


@pytest.mark.parametrize(
    ("rating", "two", "three"),
    [
        (4, "POSITIVE", "POSITIVE"),
        (1, "POSITIVE", "POSITIVE"),
        (0.9, None, None),
        (0.5, None, None),
        (0.4, None, "NEUTRAL"),
        (-0.4, None, "NEUTRAL"),
        (-0.9, None, None),
        (-1, "NEGATIVE", "NEGATIVE"),
    ],
)
def test_a_label_follows_from_the_mean_rating(rating: float, two: str | None, three: str | None) -> None:
    rated = Rated("x", "x", rating, "x")
    assert (rated.label(2), rated.label(3)) == (two, three)


def test_the_files_hold_each_text_once_with_its_label(sdist: Path, tmp_path: Path) -> None:
    for labels, names in ((2, {"POSITIVE", "NEGATIVE"}), (3, {"POSITIVE", "NEGATIVE", "NEUTRAL"})):
        rows = []
        for path in write(sdist, tmp_path / str(labels), labels):
            with path.open(newline="", encoding="utf-8") as file:
                rows += list(csv.DictReader(file))
        assert len(rows) == len({row["text"] for row in rows}) == 4 * len(names)
        assert {row["label"] for row in rows} == names


def test_documents_sharing_a_text_stay_together_and_a_fifth_is_held_out() -> None:
    texts = [Rated(f"d{n}_{part}", f"d{n}", 1, f"text {n} {part}") for n in range(500) for part in range(2)]
    texts += [Rated(f"e{n}", f"e{n}", 1, f"TEXT  {n} 0") for n in range(500)]  # the same text in another document
    texts += [Rated(f"e{n}", f"e{n}", 1, f"another {n}") for n in range(500)]
    sides = {rated.text: held for rated, held in split(texts)}
    assert not any(f"TEXT  {n} 0" in sides for n in range(500))
    assert all(sides[f"text {n} 0"] == sides[f"text {n} 1"] == sides[f"another {n}"] for n in range(500))
    assert 0.15 < sum(sides.values()) / len(sides) < 0.25


def test_the_held_out_documents_never_change() -> None:
    texts = [Rated(f"d{n}", f"d{n}", 1, f"text {n}") for n in range(20)]
    assert [rated.id for rated, held in split(texts) if held] == ["d2", "d6", "d10", "d11", "d17"]
