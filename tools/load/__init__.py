"""The load test: texts at a stated rate, each accounted for and timed from when it was due to when it was stored."""
