"""How much a stack can take: concurrency, backlog, drain time, quotas and cost, up to a million texts a second."""
