"""`python -m tools.models.train`, which `make train` runs."""

from tools.ending import end_when_told

if __name__ == "__main__":
    end_when_told("tools.models.train.command")
