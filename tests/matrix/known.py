"""Cells that fail, and why. Each must fail with the servers' own TLS too: matrix.py --direct."""
from typing import NamedTuple


class Known(NamedTuple):
    client: str
    condition: dict  # dimension: values
    cause: str


KNOWN = []


def known(cell):
    """The entry that says that the cell fails, or None."""
    return next((entry for entry in KNOWN
                 if entry.client == cell.client and cell.matches(entry.condition)), None)
