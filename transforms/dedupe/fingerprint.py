"""The fingerprint of what decides: a lake is only added to by the rules that made it.

Stored keys and matches come from a table of word rarity, a model and a set of weights. With others,
new records would be looked up under keys that the lake does not have, and weighed differently from
those that are there.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Final

from transforms.dedupe.weights import WEIGHTS

SHIPPED: Final = ("word_rarity.json", "match_model.json")
"""The tables beside this module that keys and decisions come from."""


@cache
def rules_fingerprint() -> str:
    """Give 16 hexadecimal digits that change whenever the tables or the weights do."""
    digest = hashlib.sha256(repr(WEIGHTS).encode())
    for name in SHIPPED:
        digest.update(resources.files("transforms.dedupe").joinpath(name).read_text("utf-8").encode())
    return digest.hexdigest()[:16]
