"""Capacity: the simulated queue against hand calculations, ways and quotas up to a million texts a second."""

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.stacks import PROD
from tests.tools.estimate.figures import ENGINE, SIZES, lines
from tools.estimate.capacity import quotas
from tools.estimate.capacity.design import Design
from tools.estimate.capacity.needs import needs
from tools.estimate.capacity.quotas import Quota
from tools.estimate.capacity.simulate import Burst, simulate
from tools.estimate.capacity.spending import monthly_usd
from tools.estimate.capacity.study import RATES, study
from tools.estimate.capacity.ways import ways
from tools.estimate.cost.measured import Measured
from tools.estimate.cost.model import bill
from tools.estimate.cost.stack import Stack, stack_of
from tools.local.program import ROOT, run
from tools.local.recorder import Recorder

# A batch of ten takes 10 x 99 ms of CPU and waits 10 ms: 1 s, so ten texts a second for each concurrent batch.
PLAIN = Design(
    name="plain",
    engine=replace(ENGINE, call_ms=0, item_ms=99),
    memory_mb=1769,
    batch_messages=10,
    text_bytes=200,
    start=5,
    per_minute=300,  # 5 a second
    limit=10,
    limit_is="ten",
)
WORKLOAD = "ten_mixed"


@pytest.fixture(scope="module")
def prod_stack(prod: Recorder) -> Stack:
    return stack_of("prod", prod)


def test_a_simulated_burst_matches_a_hand_calculation() -> None:
    trace = simulate(PLAIN, Burst(rate=40, peak=3, before_s=1, peak_s=3), after_s=3)
    # 40 a second need four of the five slots. The burst brings 120 a second: five slots process 50, ten slots 100.
    assert [step.slots for step in trace.steps] == [5, 5, 10, 10, 10, 10, 5]
    assert [step.processed for step in trace.steps] == [40, 50, 100, 100, 100, 90, 40]
    assert [step.backlog for step in trace.steps] == [0, 70, 90, 110, 50, 0, 0]
    assert (trace.drain_s, trace.deepest) == (2, 110)
    assert trace.longest_wait_s == pytest.approx(1.4)  # 70 at 50 a second


DESIGNS = st.builds(
    replace,
    st.just(PLAIN),
    batch_messages=st.integers(1, 100),
    start=st.integers(1, 10),
    per_minute=st.integers(30, 1000),
    limit=st.integers(10, 200),
    stacks=st.integers(1, 4),
    texts_per_message=st.integers(1, 10),
    minimum_pollers=st.sampled_from([0, 2]),
)
BURSTS = st.builds(
    Burst,
    rate=st.floats(0.1, 5000),
    peak=st.floats(1, 10),
    before_s=st.integers(1, 60),
    peak_s=st.integers(1, 300),
)


@settings(max_examples=60, deadline=None)
@given(DESIGNS, BURSTS)
def test_every_text_that_arrived_is_processed_or_waiting(design: Design, traffic: Burst) -> None:
    assume(not traffic.rate < design.most < traffic.rate * 1.2)  # it would take long to drain
    trace = simulate(design, traffic, after_s=30)
    arrived = processed = 0.0
    for step in trace.steps:
        arrived, processed = arrived + step.arrived, processed + step.processed
        assert arrived == pytest.approx(processed + step.backlog, rel=1e-6)
        assert step.processed <= step.slots * design.texts_per_slot * (1 + 1e-9)
        assert step.slots <= design.stacks * design.slots_per_stack


@settings(max_examples=60, deadline=None)
@given(DESIGNS, BURSTS)
def test_a_backlog_drains_exactly_when_capacity_exceeds_traffic(design: Design, traffic: Burst) -> None:
    assume(not traffic.rate < design.most < traffic.rate * 1.2)
    assume(design.most != traffic.rate)
    trace = simulate(design, traffic, after_s=30)
    assert math.isfinite(trace.drain_s) == (design.most > traffic.rate)


@settings(max_examples=60, deadline=None)
@given(DESIGNS, BURSTS, st.floats(1.1, 3))
def test_more_traffic_of_the_same_shape_never_waits_less(design: Design, traffic: Burst, times: float) -> None:
    more = replace(traffic, rate=traffic.rate * times)
    assume(design.most > more.rate * 1.2)
    less_trace, more_trace = simulate(design, traffic, after_s=0), simulate(design, more, after_s=0)
    assert less_trace.deepest <= more_trace.deepest * (1 + 1e-9)
    assert less_trace.drain_s <= more_trace.drain_s


def test_a_provisioned_poller_reads_at_most_100_messages_or_a_megabyte_a_second() -> None:
    quick = replace(PLAIN, engine=replace(ENGINE, call_ms=0, item_ms=0.1), minimum_pollers=2)
    # Ten concurrent batches share 100 messages a second.
    assert quick.texts_per_slot == 10
    assert replace(quick, texts_per_message=5).texts_per_slot == 50
    assert replace(quick, text_bytes=100_000).texts_per_slot == 1
    assert replace(quick, minimum_pollers=0).texts_per_slot == pytest.approx(10 / 0.011)


def test_concurrency_ends_at_the_queues_limit_of_messages_in_flight() -> None:
    many = replace(PLAIN, batch_messages=1000, limit=1000)
    assert many.slots_per_stack == 120
    assert "in flight" in many.ends_at
    assert PLAIN.ends_at == "ten"


def test_needs_match_a_hand_calculation() -> None:
    # 1,000 texts a second: 100 concurrent batches and 100 invocations a second, which need a quota of 10.
    by_quota = {need.quota: need for need in needs(PLAIN, 1000, 20_000, write_units=3)}
    assert (by_quota[quotas.CONCURRENCY].steady, by_quota[quotas.CONCURRENCY].peak) == (100, 2000)
    assert (by_quota[quotas.TABLE_WRITES].steady, by_quota[quotas.TABLE_WRITES].peak) == (3000, 60_000)
    assert by_quota[quotas.IN_FLIGHT].peak == 20_000
    assert by_quota[quotas.MAXIMUM_CONCURRENCY].peak == 2000
    assert {quota.name for quota, need in by_quota.items() if need.exceeded} == {
        "concurrent executions",
        "write units a second, on demand",
        "maximumConcurrency",
    }
    quick = replace(PLAIN, engine=replace(ENGINE, call_ms=0, item_ms=0), stacks=4)
    by_quota = {need.quota: need for need in needs(quick, 1000, 1000, write_units=1)}
    assert by_quota[quotas.CONCURRENCY].peak == 10, "100 invocations a second, though one batch at a time suffices"
    assert by_quota[quotas.IN_FLIGHT].peak == pytest.approx(2.5), "one batch of ten, in four stacks"
    assert by_quota[quotas.TABLE_WRITES].peak == 250, "each stack has a table of its own"


def test_capacity_grows_from_way_to_way_up_to_the_peak(prod_stack: Stack) -> None:
    measured = Measured.read()
    found = ways(prod_stack, measured.engine("ours", WORKLOAD), 120, rate=1e6, peak_rate=5e6)
    most = [way.most for way in found]
    assert most == sorted(most)
    assert found[0].limit == prod_stack.max_concurrency
    assert most[-1] >= 5e6
    assert found[-1].stacks > 1


def test_the_way_with_pollers_names_the_settings_that_enable_them(prod_stack: Stack) -> None:
    measured = Measured.read()
    found = ways(prod_stack, measured.engine("ours", WORKLOAD), 120, rate=1e5, peak_rate=5e5)
    (polled,) = (way for way in found if way.name == "+ provisioned pollers")
    needed = math.ceil(polled.slots(1e5) / 10)
    assert 2 < polled.minimum_pollers == needed
    assert polled.maximum_pollers == 1_200, "more would exceed the queue's 120,000 messages in flight"
    assert polled.keys == (
        f"maxConcurrency 0, minimumPollers {needed}, maximumPollers 1200, memoryMb 1769, "
        "reservedConcurrency 0 or at least 12000, with 10 texts a message"
    )
    told: dict[str, Any] = {"maxConcurrency": 0, "minimumPollers": needed, "maximumPollers": 1200, "memoryMb": 1769}
    as_told = stack_of("prod", run(PROD, reservedConcurrency=0, **told))
    (same, *_) = ways(as_told, measured.engine("ours", WORKLOAD), 120, rate=1e5, peak_rate=5e5)
    assert replace(same, texts_per_message=10).most == polled.most
    assert (same.start, same.per_minute, same.limit_is) == (10 * needed, 1000, "maximumPollers 1200")


def test_a_stack_without_its_own_limit_stops_at_lambdas_limit(prod_stack: Stack) -> None:
    found = ways(replace(prod_stack, max_concurrency=0), ENGINE, 120, rate=1, peak_rate=5)
    assert (found[0].limit, found[0].ends_at) == (1_250, "Lambda's 1,250")
    assert not [way.name for way in found if "maxConcurrency" in way.name], "that way would handle less"
    assert found[1].keys == "maxConcurrency 0, memoryMb 1769, reservedConcurrency 0 or at least 1250"


def test_a_study_finds_a_design_for_the_peak_at_every_rate(prod_stack: Stack) -> None:
    found = study(prod_stack, Measured.read(), WORKLOAD, Burst(rate=1000, peak=5, before_s=60, peak_s=60))
    assert [traffic.rate for traffic, _, _ in found.by_rate] == list(RATES)
    for traffic, outcome, _ in found.by_rate:
        assert outcome.design.most >= traffic.rate * traffic.peak
        assert math.isfinite(outcome.trace.drain_s)
    usd = [outcome.usd for _, outcome, _ in found.by_rate]
    assert usd == sorted(usd)
    raised = [sum(need.exceeded for need in needed) for _, _, needed in found.by_rate]
    assert raised[0] == 0 < raised[-1]
    divided = [need.quota.name for _, _, needed in found.by_rate for need in needed if need.exceeded]
    assert all(quota.raisable for quota in ALL if quota.name in divided), "the way divides what AWS does not raise"


ALL = [value for value in vars(quotas).values() if isinstance(value, Quota)]


@pytest.mark.parametrize("quota", ALL, ids=lambda quota: quota.name)
def test_every_quota_has_a_source_and_a_lookup_date(quota: Quota) -> None:
    assert quota.value > 0
    assert quota.source
    assert quota.as_of == quotas.AS_OF


def test_texts_that_share_messages_and_requests_share_their_cost(prod_stack: Stack) -> None:
    one = lines(bill(prod_stack, ENGINE, SIZES, 36_000))["SQS sends, one a text"]
    shared = bill(prod_stack, ENGINE, SIZES, 36_000, texts_per_message=10, messages_per_request=10)
    assert lines(shared)["SQS sends, 100 texts in one"] == pytest.approx(one / 100)


def test_the_bill_counts_the_hours_of_the_pollers_that_the_rate_needs(prod_stack: Stack) -> None:
    def hours(rate: float) -> float:
        polled = replace(prod_stack, max_concurrency=0, minimum_pollers=2, maximum_pollers=50)
        found = lines(bill(polled, ENGINE, SIZES, rate * 3600))
        return next(usd for what, usd in found.items() if "provisioned pollers" in what) / 0.00925

    assert hours(0) == pytest.approx(2 * 730)
    assert hours(1_000) == pytest.approx(10 * 730), "each reads 100 messages a second"
    assert hours(1_000_000) == pytest.approx(50 * 730)
    design = replace(PLAIN, minimum_pollers=2, limit=500, stacks=2)
    two = monthly_usd(design, prod_stack, SIZES, 1000)
    assert two == pytest.approx(2 * monthly_usd(replace(design, stacks=1), prod_stack, SIZES, 500))


def capacity(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.estimate.capacity", *options]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "COLUMNS": "160"}, capture_output=True, text=True)


@pytest.mark.slow(reason="draws every way at every rate")
def test_the_command_prints_ways_needs_rates_and_sources_and_draws_a_chart(tmp_path: Path) -> None:
    ended = capacity("--rate", "1000000", "--stack", "prod", "--picture", str(tmp_path / "capacity.png"))
    assert ended.returncode == 0, ended.stderr
    for said in (
        "the stack as it is",
        "+ provisioned pollers",
        "ask for more",
        "Other rates, with the same burst",
        "quotas-queues",
    ):
        assert said in ended.stdout
    assert (tmp_path / "capacity.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow(reason="runs the command")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--peak", "0.5"], "'--peak': Input should be greater than or equal to 1"),
        (["--workload", "novels"], "workload 'novels': was not measured"),
        (["--stack", "nowhere"], "there is no Pulumi.nowhere.yaml"),
    ],
)
def test_a_bad_option_is_refused_with_the_reason(options: list[str], says: str) -> None:
    ended = capacity(*options)
    assert ended.returncode == 2
    assert says in " ".join(ended.stderr.split())
