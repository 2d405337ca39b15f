"""Runs the pages' commands in a real bash and a real make, among stand-ins for other programs that record calls."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tests.waiting import HANG_S
from tools.local.program import ROOT

PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")})
STAND_INS = ("aws", "docker", "gh", "git", "jq", "make", "pip", "pulumi", "sentiment", "sleep")
OF_THE_VENV = ("mypy", "pip", "pre-commit", "pytest", "python", "ruff", "uv")
REAL = ("awk", "cut", "date", "mkdir", "rm", "sed", "seq", "sh", "sort", "touch")
INLINE = re.compile(rf"(?<!`)`((?:{'|'.join(STAND_INS)}|for|out|texts|\.venv/bin/[a-z0-9-]+|python3?) [^`]+)`")
ARN = "arn:aws:sqs:us-west-2:123456789012:queue"
STAND_IN = """#!/bin/sh
called=${{0##*/}}
IFS='\037'
printf '%s\\036' "$ASKED_BY$IFS$called$IFS$*" >> {record}
IFS=' '
case "$called $*" in
make\\ *) ASKED_BY="make $*" exec {make} "$@" ;;
sentiment\\ *) exec .venv/bin/python -m sentiment "$@" ;;
"aws --version") echo "{version}" ;;
aws\\ *) echo "{aws}" ;;
*) echo "{others}" ;;
esac
"""


@dataclass(frozen=True)
class Call:
    """
    Attributes:
        asked_by: the call of make that made this one; empty if the page itself makes it.
    """

    asked_by: str
    program: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([self.program, *self.words])


class Shell:
    """A copy of the checkout in which only bash, make and a few POSIX tools do anything."""

    def __init__(self, place: Path, *, aws: str = "answer", others: str = ARN, version: str = "aws-cli/2.99.0 Python"):
        self.project, self.record, self.programs = place / "project", place / "record", place / "bin"
        venv = self.project / ".venv"
        for folder in (self.programs, venv / "bin"):
            folder.mkdir(parents=True)
        for path in ROOT.glob("[!.]*"):
            if path.name not in ("build", "dist"):
                (self.project / path.name).symlink_to(path)
        (self.project / "sentiment-analyzer").symlink_to(".")  # as if the reader had cloned it already
        for installed in ("pip", "program", "local", "dev"):
            (venv / installed).touch()
        for name in REAL:
            (self.programs / name).symlink_to(shutil.which(name) or name)
        (self.programs / "python3").symlink_to(sys.executable)
        stand_in = STAND_IN.format(
            record=self.record, make=shutil.which("make"), version=version, aws=aws, others=others
        )
        for path in [*(self.programs / name for name in STAND_INS), *(venv / "bin" / name for name in OF_THE_VENV)]:
            path.write_text(stand_in)
            path.chmod(0o755)

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.programs), "HOME": str(self.project), "LC_ALL": "C"}
        return subprocess.run(
            [shutil.which("bash") or "bash", "-c", script],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=HANG_S,
        )

    @property
    def calls(self) -> list[Call]:
        recorded = self.record.read_text().split("\036")[:-1] if self.record.exists() else []
        return [
            Call(asked_by, program, tuple(words))
            for asked_by, program, *words in (each.removesuffix("\037").split("\037") for each in recorded)
        ]


def scripts(page: Path) -> list[str]:
    """The commands that a page tells its reader to type: in bash blocks, after a prompt, and within sentences."""
    text = page.read_text()
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prompts = re.findall(r"^\$ (.+)", text, re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [*blocks, *prompts, *(" ".join(each.split("\n")) for each in INLINE.findall(prose))]


def of(program: str, calls: set[Call]) -> list[tuple[str, ...]]:
    return sorted({call.words for call in calls if call.program == program})


def options(words: tuple[str, ...]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}


def operands(words: tuple[str, ...]) -> list[str]:
    """The words before the first option."""
    return list(takewhile(lambda word: not word.startswith("-"), words))


def options_by_help(calls: Iterable[tuple[str, ...]], *program: str) -> Iterator[tuple[tuple[str, ...], str, set[str]]]:
    """For each subcommand that the calls use: its help, and the options that they give it."""
    given: dict[tuple[str, ...], set[str]] = {}
    for words in calls:
        leading = tuple(takewhile(re.compile("[a-z][a-z-]*").fullmatch, words))
        given.setdefault(leading[:2], set()).update(options(words))
    for subcommand, names in given.items():
        asked = [*program, *subcommand, "--help"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=HANG_S, check=True)
        yield subcommand, done.stdout, names
