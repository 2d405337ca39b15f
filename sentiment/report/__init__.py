"""`report`: charts the results over time, as a page and as CSV."""
