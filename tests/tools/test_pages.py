"""Figures in the pages: a command replaces only its own blocks, and the estimates match the current program."""

from pathlib import Path

import pytest
from rich.table import Table

from tests.stacks import PROD
from tools import pages
from tools.estimate.capacity.command import BEFORE_S
from tools.estimate.capacity.page import blocks as capacity_blocks
from tools.estimate.capacity.simulate import Burst
from tools.estimate.capacity.study import study
from tools.estimate.cost.measured import Measured
from tools.estimate.cost.page import blocks as cost_blocks
from tools.estimate.cost.report import report
from tools.estimate.cost.stack import Stack, stack_of
from tools.local.docker.container import MB
from tools.local.docker.report import Report as ImageReport
from tools.local.program import ROOT, run

PAGE = """Before.

<!-- one:begin -->
old
<!-- one:end -->

- In a line: <!-- two:begin -->old<!-- two:end -->, and <!-- three:begin -->kept<!-- three:end -->.
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "page.md"
    file.write_text(PAGE)
    return file


def test_write_replaces_only_the_named_blocks(page: Path) -> None:
    assert pages.write({"one": "a\n\nb \\1", "two": "new"}, [page]) == [page]
    assert page.read_text() == PAGE.replace("\nold\n", "\na\n\nb \\1\n").replace("-->old<", "-->new<")
    assert pages.blocks([page]) == {"one": "a\n\nb \\1", "two": "new", "three": "kept"}


def test_an_empty_block_can_be_filled_again(page: Path) -> None:
    pages.write({"one": ""}, [page])
    pages.write({"one": "old"}, [page])
    assert pages.blocks([page])["one"] == "old"


def test_an_unknown_block_is_an_error_and_changes_no_page(page: Path) -> None:
    with pytest.raises(KeyError, match="no page has a block four"):
        pages.write({"one": "new", "four": "new"}, [page])
    assert page.read_text() == PAGE


def test_a_markdown_table_keeps_title_alignment_and_special_characters() -> None:
    table = Table("name", title="Figures")
    table.add_column("USD", justify="right")
    table.add_row("[bold]a | b *[/]", "1")
    assert pages.markdown(table) == "**Figures**\n\n| name | USD |\n| --- | ---: |\n| a \\| b \\* | 1 |"


def test_every_marker_pair_encloses_exactly_one_block() -> None:
    text = "".join(file.read_text() for file in pages.pages())
    assert text.count(":begin -->") == text.count(":end -->") == len(pages.blocks())


def test_the_pages_have_blocks_for_the_image_tests_figures() -> None:
    full_size = {"compressed_bytes": 177 * MB, "peak_bytes": 231 * MB, "init_s": 0.99}
    image = ImageReport(figures={"full-size model": full_size}, targets={"peak_bytes": 256 * MB}).blocks()
    assert image.keys() <= pages.blocks().keys()
    assert "| peak memory | 231 MB | at most 256 MB |" in image["image"]
    assert image["image-figure"].startswith("177 MB compressed, 231 MB of memory at its peak (20")


@pytest.fixture(scope="module")
def prod_stack() -> Stack:
    """The stack that the pages' figures describe, whatever a user changes in Pulumi.prod.yaml."""
    return stack_of("prod", run(PROD))


def test_the_costs_in_the_pages_match_the_current_stack(prod_stack: Stack) -> None:
    now = cost_blocks(report(prod_stack, Measured.read(), "ten_mixed", 500, free_tier=False))
    assert {name: pages.blocks()[name] for name in now} == now, "make cost-picture UPDATE_DOCS=1"


def test_the_capacity_in_the_pages_matches_the_current_stack(prod_stack: Stack) -> None:
    burst = Burst(rate=10_000, peak=5, before_s=BEFORE_S, peak_s=600)
    now = capacity_blocks(study(prod_stack, Measured.read(), "ten_mixed", burst))
    assert {name: pages.blocks()[name] for name in now} == now, "make capacity STACK=prod RATE=10000 UPDATE_DOCS=1"


def test_readme_states_the_break_even_point_with_comprehend(prod_stack: Stack) -> None:
    now = report(prod_stack, Measured.read(), "ten_mixed", 500, free_tier=False)
    assert "fewer than about 2,000 texts a day" in (ROOT / "README.md").read_text()
    assert 1_500 < now.break_even < 2_500
