"""Links and names in the pages point to things that exist, and README leads to every page."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.docs.commands import PAGES
from tools.local.program import ROOT

README, DOCS = ROOT / "README.md", ROOT / "docs"
FOLDERS = [
    *(
        "components",
        "docs",
        "locks",
        "examples",
        "function",
        "policy",
        "sentiment",
        "sentiment_contract",
        "settings",
        "tests",
    ),
    *("tools", ".github"),
]
SOURCES = [
    path
    for top in [*(ROOT / folder for folder in FOLDERS), ROOT]
    for path in (top.glob("*") if top == ROOT else top.rglob("*"))
    if path.suffix in {".py", ".yaml", ".yml", ".md"} or path.name in {"Makefile", "Dockerfile"}
]
README_MAX_LINES, README_MAX_BYTES = 180, 12_000
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The ids that GitHub gives to the page's headings."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in headings(page):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(page: Path) -> list[str]:
    text = prose(page)
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^]]+\]: (\S+)", text, re.MULTILINE)


def linked_pages(page: Path) -> set[Path]:
    targets = [link.partition("#")[0] for link in links(page) if "://" not in link]
    return {(page.parent / target).resolve() for target in targets}


@each_page
def test_every_relative_link_and_anchor_exists(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link or link.startswith("mailto:"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@each_page
def test_no_title_begins_with_what_or_of(page: Path) -> None:
    assert [heading for heading in headings(page) if re.match(r"(\d+\. )?(What|Of)\b", heading)] == []


@each_page
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./*-]*)`", page.read_text())
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


def test_every_page_that_the_code_names_exists() -> None:
    missing = []
    for source in SOURCES:
        for path, anchor in re.findall(
            r"(?<![\w/.])(docs/(?:[\w/-]+\.(?:md|png|json)|decisions/\d{4}))(?:#([\w-]+))?", source.read_text()
        ):
            found = list(ROOT.glob(path if "." in path else f"{path}-*.md"))
            if not found or (anchor and anchor not in anchors(found[0])):
                missing.append(f"{source.relative_to(ROOT)}: {path}#{anchor}")
    assert missing == []


def test_readme_links_to_every_page_and_the_index_to_every_decision() -> None:
    index = DOCS / "decisions" / "README.md"
    assert {*DOCS.glob("*.md"), index, *ROOT.glob("*.md")} - linked_pages(README) == {README}
    assert set(index.parent.glob("*.md")) - linked_pages(index) == {index}


def test_the_index_has_each_decisions_title_and_date() -> None:
    index = (DOCS / "decisions" / "README.md").read_text()
    for record in (DOCS / "decisions").glob("0*.md"):
        title, date = re.findall(r"^# (.+?)(?: \(|\n\n)(\d{4}-\d\d-\d\d)", record.read_text())[0]
        assert f"| [{title}]({record.name}) | {date} |" in index


def test_every_picture_is_shown_on_a_page() -> None:
    assert set(DOCS.glob("*.png")) - {path for page in DOCS.glob("*.md") for path in linked_pages(page)} == set()


def test_readme_can_be_read_in_ten_minutes() -> None:
    text = README.read_text()
    assert len(text.splitlines()) <= README_MAX_LINES
    assert len(text.encode()) <= README_MAX_BYTES
