"""`make fuzz`: runs atheris, guided by coverage, on the handler for a limited time. It starts from recorded bodies."""

import argparse
import logging
import os
import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
FOUND = Path("build") / "fuzz"


def main() -> None:
    """Runs libFuzzer, which ends the process: with 0, or with its own code if an input fails. It saves that input."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    with atheris.instrument_imports(include=["function"]):
        from tests.function.aws import Aws, import_handler
        from tests.function.fuzz.target import target
        from tests.function.strategies import SEEDS

        os.environ |= Aws(None, None, "", "http://127.0.0.1:1/dead-letters").variables()
        module = import_handler()
    logging.disable()
    corpus = FOUND / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-dict={HERE / 'json.dict'}", f"-artifact_prefix={FOUND}/"]
    atheris.Setup([sys.argv[0], *options, "-max_len=4096", "-timeout=10", str(corpus), *SEEDS], target(module))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
