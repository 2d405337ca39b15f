"""What a function's memory buys."""

MEMORY_MB_PER_VCPU = 1769  # AWS Lambda developer guide, "Configure Lambda function memory"
