"""What is decided about dumps and records: pure functions over Polars frames.

Nothing in here opens a path, talks to a server, logs, or asks for the time or the environment.
"""
