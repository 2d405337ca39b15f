"""A full-size model under the function's own limits: 512 MB of memory and 0.29 CPU."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.local.docker.images import MAX_PEAK_MB, Built
from tools.local.docker.container import MB, ContainerStart
from tools.local.docker.engine import Engine
from tools.local.docker.gate import Demand
from tools.local.docker.measure import Run, init_seconds, run_batches
from tools.local.docker.report import Report


@pytest.fixture(scope="module")
def measured(
    engine: Engine, full_size: Built, demand: Demand, report: Report, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """200 batches of mixed lengths, then ten texts of 512 tokens in one batch."""
    log_file = tmp_path_factory.mktemp("full-size") / "function.log"
    start = ContainerStart(engine, full_size.uri)
    run = run_batches(start, demand.function, log_file)
    report.add_run("full-size model", run)
    with_one_cpu = init_seconds(replace(start, cpus=1), demand.function, log_file)
    report.add("full-size model", init_one_cpu_s=with_one_cpu)
    return run


def test_one_container_answers_every_batch_even_the_longest_texts(measured: Run) -> None:
    assert measured.failures == []


def test_memory_stays_well_under_the_limit(measured: Run) -> None:
    assert measured.peak_bytes <= MAX_PEAK_MB * MB


def test_the_demonstration_model_needs_less_memory(
    engine: Engine, demo: Built, demand: Demand, measured: Run, report: Report, tmp_path: Path
) -> None:
    start = ContainerStart(engine, demo.uri)
    run = run_batches(start, demand.function, tmp_path / "function.log", batches=20)
    report.add_run("demo model", run)
    with_one_cpu = init_seconds(replace(start, cpus=1), demand.function, tmp_path / "log")
    report.add("demo model", init_one_cpu_s=with_one_cpu)
    assert run.failures == []
    assert run.peak_bytes < measured.peak_bytes
