"""`python -m tools.estimate.capacity`, which `make capacity` runs."""

import sys

from sentiment.cli import new_app, run
from tools.estimate.capacity.command import capacity

if __name__ == "__main__":
    app = new_app()
    app.command()(capacity)
    sys.exit(run(app, "capacity"))
