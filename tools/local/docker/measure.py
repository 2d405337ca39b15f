"""Measures an image's bytes, seconds and memory under the function's own limits."""

import random
import statistics
from dataclasses import dataclass
from pathlib import Path

from sentiment_contract.messages import MAX_TEXT_CHARS
from tools.local.docker.container import Container, ContainerStart
from tools.local.docker.registry_client import Reference, fetch_manifest
from tools.local.function_config import FunctionConfig
from tools.local.lambda_service import Invocation, LambdaService

BATCHES = 200
BATCH_SIZE = 10
LONGEST_TOKENS = 512
LOG_MEAN, LOG_DEVIATION = 3.0, 0.8  # of a text's tokens: 28 on average, half of them under 20
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Run:
    """
    Attributes:
        init_s: from the container's start to the first event, including the container's own start.
        first_s, later_s: the first invocation, and the median of all later batches of ten mixed texts.
        longest_s: a batch of ten texts of 512 tokens.
        peak_bytes: `Container.peak_memory` after that and ten texts of maximum length, with a token per character.
        failures: errors that the function returned.
    """

    init_s: float
    first_s: float
    later_s: float
    longest_s: float
    peak_bytes: int
    failures: list[str]


def compressed_bytes(image: str) -> int:
    """The sum of an image's layers, which the registry stores and transfers."""
    manifest = fetch_manifest(Reference.parse(image))
    return sum(layer["size"] for layer in manifest.content["layers"])


def last_layer_bytes(image: str) -> int:
    """The size of the top layer, which holds the code and is all that a code change transfers."""
    manifest = fetch_manifest(Reference.parse(image))
    return int(manifest.content["layers"][-1]["size"])


def run_batches(start: ContainerStart, function: FunctionConfig, log_file: Path, batches: int = BATCHES) -> Run:
    """Invoke one container with batches of mixed lengths, then with the longest texts."""
    texts = random.Random(SEED)
    with LambdaService(function, max_concurrency=1, log_file=log_file, start=start) as service:
        answers = [service.invoke(mixed_batch(texts)) for _ in range(batches)]
        longest = service.invoke(_event([_text(LONGEST_TOKENS)] * BATCH_SIZE))
        answers += [longest, service.invoke(_event(["!" * MAX_TEXT_CHARS] * BATCH_SIZE))]
        peak = sum(_container(environment.process).peak_memory() for environment in service.environments)
    mixed = answers[:batches]
    return Run(
        init_s=mixed[0].init_s,
        first_s=mixed[0].duration_s,
        later_s=statistics.median(answer.duration_s for answer in mixed[1:]),
        longest_s=longest.duration_s,
        peak_bytes=peak,
        failures=[str(answer.error) for answer in answers if answer.error] + _restarts(answers),
    )


def init_seconds(start: ContainerStart, function: FunctionConfig, log_file: Path) -> float:
    """`Run.init_s` of another container."""
    with LambdaService(function, max_concurrency=1, log_file=log_file, start=start) as service:
        return service.invoke(mixed_batch(random.Random(SEED))).init_s


def mixed_batch(texts: random.Random) -> dict[str, object]:
    """A direct invocation of ten texts of mixed lengths, in words that are one token each for the full-size model."""
    lengths = (round(texts.lognormvariate(LOG_MEAN, LOG_DEVIATION)) for _ in range(BATCH_SIZE))
    return _event([_text(min(max(length, 1), LONGEST_TOKENS)) for length in lengths])


def _text(tokens: int) -> str:
    return " ".join(f"word{n}" for n in range(tokens))


def _event(texts: list[str]) -> dict[str, object]:
    return {"items": [{"id": str(n), "text": text} for n, text in enumerate(texts)]}


def _container(process: object) -> Container:
    assert isinstance(process, Container)
    return process


def _restarts(answers: list[Invocation]) -> list[str]:
    """A fault if a container was replaced, because that hides how much memory the first one took."""
    cold = sum(answer.cold_start for answer in answers)
    return [f"{cold} cold starts in one run"] if cold != 1 else []
