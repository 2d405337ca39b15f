"""`python -m tools.load`, which `make load` runs."""

import sys

from sentiment.cli import new_app, run
from tools.load.command import load

if __name__ == "__main__":
    app = new_app()
    app.command()(load)
    sys.exit(run(app, "load"))
