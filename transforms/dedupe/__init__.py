"""Decides which records speak of one paper: block, match, cluster, merge."""
