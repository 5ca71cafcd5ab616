"""All input and output: the landing folder, staged Parquet, the contract, and the lake."""
