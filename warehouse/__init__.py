"""All input and output: the landing folder, staged Parquet, the contract, and the lake."""

from warehouse.query import connect

__all__ = ["connect"]
