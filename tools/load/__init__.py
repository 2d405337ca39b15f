"""The load test: sends texts at a fixed rate, accounts for each and times it from due until stored."""
