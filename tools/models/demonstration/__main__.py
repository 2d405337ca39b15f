"""`python -m tools.models.demonstration`, which `make demo-model` runs."""

from tools.ending import end_when_told

if __name__ == "__main__":
    end_when_told("tools.models.demonstration.make")
