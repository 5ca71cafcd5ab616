"""Recognises and reads dump formats; see `transforms.readers.base` for what a reader is."""
