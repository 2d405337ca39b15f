"""`sentiment`, and `python -m sentiment`."""

import signal
import sys


def main() -> int:
    """Run the command line; it needs the packages of the extra `cli`. SIGTERM stops it cleanly, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from sentiment.cli import app, run
    except ModuleNotFoundError as error:
        if error.name not in ("rich", "typer"):
            raise
        sys.stderr.write(f"error: the command needs {error.name}: install sentiment-analyzer with its extra, [cli]\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Aborted!\n")
        return 130
    return run(app, "sentiment")


if __name__ == "__main__":
    sys.exit(main())
