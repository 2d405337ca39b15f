"""The contract between producers and the function: messages, results and dead letters.

Both sides import these modules, so they import nothing but the standard library.
"""
