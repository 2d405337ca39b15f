"""`python -m tools.models.evaluate`, which `make evaluate` runs."""

from tools.ending import end_when_told

if __name__ == "__main__":
    end_when_told("tools.models.evaluate.command")
