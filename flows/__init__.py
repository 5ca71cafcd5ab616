"""When things happen: the Prefect flow, its settings, and the command line."""
