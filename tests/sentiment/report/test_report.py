"""`report` on moto: the page, the CSV file and the screen output."""

import csv
import io
import re
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sentiment.report.reading import read_all
from sentiment.table import Page, Results
from tests.sentiment.place import Place, Run

PAGE, FIGURES = Path("report.html"), Path("figures.csv")


@pytest.fixture
def week(place: Place) -> Place:
    """A week of results with three labels and distinct texts, one older result, and another program's item."""
    now = datetime.now(UTC)
    for n in range(60):
        sent = (now - timedelta(hours=2.5 * n)).isoformat(timespec="microseconds")
        place.store(f"id-{n}", ("negative", "neutral", "positive")[n % 3], 0.5 + n / 200, sent_at=sent)
    place.store("old", "positive", sent_at=(now - timedelta(days=30)).isoformat(timespec="microseconds"))
    place.dynamodb.put_item(TableName=place.table_name, Item={"id": {"S": "foreign"}, "sent_at": {"N": "7"}})
    return place


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def elements() -> Elements:
    found = Elements()
    found.feed(PAGE.read_text())
    return found


def test_the_page_shows_charts_figures_and_the_texts_with_the_highest_scores(week: Place, run: Run) -> None:
    done = run("report", "--yes", "--top", "2")
    assert done.code == 0, done.err
    found = elements()
    assert found.tags["svg"] == 3
    assert len(set(found.ids)) == len(found.ids), "no drawing reuses the id of another's shape"
    words = " ".join(found.words)
    assert "negative 20 33.3%" in " ".join(words.split())
    assert [text for n in range(60) if (text := f"The text of id-{n}") in found.words] == [
        f"The text of id-{n}" for n in range(54, 60)
    ]
    for told in (words, done.err):
        assert "62 items of" in told
        assert "60 results in this period, 1 earlier, 0 expired, 1 without a label, a score of 0 to 1 or a date" in told
    assert re.search(r"report.html \(\d+ kB\)", done.err)


def test_the_page_loads_nothing_from_elsewhere(week: Place, run: Run) -> None:
    run("report", "--yes")
    assert "<script" not in PAGE.read_text()
    addresses = set(re.findall(r"[a-z]+://[^\"' >]+", PAGE.read_text()))
    assert {address.split("/")[2] for address in addresses} <= {"www.w3.org"}, "only XML's namespaces"


def test_the_csv_file_agrees_with_the_table(week: Place, run: Run) -> None:
    assert run("report", "--yes", "--csv", FIGURES).code == 0
    rows = list(csv.DictReader(FIGURES.read_text().splitlines()))
    assert len(rows) == 8 * 3, "eight days and three labels"
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["sentiment"]] += int(row["results"])
    assert counts == {"negative": 20, "neutral": 20, "positive": 20}
    assert sum(float(row["share"]) for row in rows if row["day"] == rows[-1]["day"]) == pytest.approx(1, abs=1e-5)
    total = sum(float(row["mean_score"]) * int(row["results"]) for row in rows if int(row["results"]))
    assert total == pytest.approx(sum(0.5 + n / 200 for n in range(60)), abs=1e-3)


def test_texts_and_labels_are_shown_but_never_executed(place: Place, run: Run) -> None:
    sent = datetime.now(UTC).isoformat(timespec="microseconds")
    nasty = "</p><script>alert(1)</script> \x1b[31m \u202e $title $x_1$"
    place.store("<em>id</em>", "=1+<em>label</em>", text=nasty, sent_at=sent)
    assert run("report", "--yes", "--csv", FIGURES).code == 0
    found = elements()
    assert found.tags["script"] == found.tags["em"] == 0
    assert "</p><script>alert(1)</script> \ufffd[31m \ufffd $title $x_1$" in found.words
    assert "=1+<em>label</em>" in found.words
    assert "'=1+<em>label</em>" in FIGURES.read_text()


def test_the_page_omits_texts_that_are_not_stored_or_not_wanted(place: Place, run: Run) -> None:
    sent = datetime.now(UTC).isoformat(timespec="microseconds")
    place.store("with", text="a secret", sent_at=sent)
    place.dynamodb.put_item(
        TableName=place.table_name,
        Item={"id": {"S": "bare"}, "sentiment": {"S": "POSITIVE"}, "score": {"N": "1"}, "sent_at": {"S": sent}},
    )
    for options, shown in (([], True), (["--no-text"], False)):
        assert run("report", "--yes", *options).code == 0
        assert ("a secret" in PAGE.read_text()) == shown
        assert all(each in PAGE.read_text() for each in ("with", "bare"))


def test_a_period_without_results_gives_a_page_with_a_notice(place: Place, run: Run) -> None:
    done = run("report", "--yes", "--csv", FIGURES)
    assert done.code == 0, done.err
    assert (elements().tags["svg"], "No results in this period." in elements().words) == (0, True)
    assert FIGURES.read_text() == "day,sentiment,results,share,mean_score\n"


def test_report_prints_its_cost_and_asks_before_it_reads(
    week: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Results, "size", lambda self: (100_000, 81_920_000))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    done = run("report")
    assert (done.code, PAGE.exists()) == (1, False)
    assert "about 100,000 items and 81.9 MB" in done.err
    assert "Scanning them takes 10,000.0 read units, about 0.001250 USD on demand" in done.err
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert run("report").code == 0


def test_every_segment_of_the_table_is_read_once(week: Place) -> None:
    results = Results(dynamodb=week.cloud.client("dynamodb"), table_name=week.table_name)
    for segments in (1, 7):
        seen: list[str] = []
        read_all(results, segments, lambda page, seen=seen: seen.extend(each["id"] for each in page.results))
        assert sorted(seen) == sorted({*(f"id-{n}" for n in range(60)), "old", "foreign"})


def test_dynamodb_filters_by_date_and_keeps_items_without_a_valid_date(week: Place) -> None:
    since = datetime.now(UTC) - timedelta(hours=24)
    results = Results(dynamodb=week.dynamodb, table_name=week.table_name, since=since)
    (page,) = results.pages()
    assert page.scanned == 62
    assert {each["id"] for each in page.results} == {*(f"id-{n}" for n in range(10)), "foreign"}


def test_a_segment_that_cannot_be_read_stops_the_report(week: Place, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pages(self: Results, segment: int, segments: int) -> Any:
        if segment == 2:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not yours"}}, "Scan")
        yield Page([], 0, 0.0)

    monkeypatch.setattr(Results, "pages", pages)
    done = run("report", "--yes")
    assert (done.code, PAGE.exists()) == (2, False)
    assert "AccessDeniedException" in done.err


def test_report_names_an_unwritable_file_before_it_reads_anything(week: Place, run: Run) -> None:
    for options in (["--html", "no-folder/report.html"], ["--csv", "."]):
        done = run("report", *options)
        assert done.code == 2
        assert f"{options[1]}: cannot be written" in done.err


def test_report_names_the_extra_that_is_missing(place: Place, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("page", "charts"):
        monkeypatch.delitem(sys.modules, f"sentiment.report.{name}", raising=False)
    done = run("report")
    assert done.code == 2
    assert "error: report: needs matplotlib: install sentiment-analyzer with its extra, [report]" in done.err
