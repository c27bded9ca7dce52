"""The dimensions of the compatibility matrix, its cells, and subsets of them."""
import itertools
import random
from typing import NamedTuple

DIMENSIONS = {
    "client": ("curl", "curl-gnutls", "lftp", "ftplib", "basic-ftp", "wget", "net-ftp", "java",
               "go"),
    "security": ("explicit", "implicit"),
    "tls": ("1.2", "1.3"),
    "data": ("passive", "active"),
    "family": ("ipv4", "ipv6"),
    "reuse": ("off", "accept", "require"),  # ftp.data.session_reuse
    "backend": ("vsftpd", "proftpd", "pureftpd", "pyftpdlib"),
    "backend_data": ("passive", "active"),  # ftp.data.backend
}
# Clients that cannot choose these values at all: no such cells exist.
LACKS = {
    "basic-ftp": {"data": ("active",)},
    "go": {"data": ("active",)},
}


class Cell(NamedTuple):
    client: str
    security: str
    tls: str
    data: str
    family: str
    reuse: str
    backend: str
    backend_data: str

    def __str__(self):
        return (f"{self.client} {self.security} TLS-{self.tls} {self.data} {self.family} "
                f"reuse={self.reuse} {self.backend}/{self.backend_data}")

    def matches(self, condition):
        """True if each dimension named in `condition` has one of the values given there."""
        return all(getattr(self, name) in values for name, values in condition.items())


def all_cells(chosen):
    """Every cell that can exist, of the values in `chosen` (dimension: values) where it has any."""
    values = [chosen.get(name) or DIMENSIONS[name] for name in DIMENSIONS]
    cells = (Cell(*combination) for combination in itertools.product(*values))
    return [cell for cell in cells if not lacking(cell)]


def lacking(cell):
    return any(getattr(cell, name) in values
               for name, values in LACKS.get(cell.client, {}).items())


def pairwise(cells):
    """A small subset of `cells` in which every pair of values occurs that occurs in `cells`.
    Greedy: each step takes the cell with the most pairs not covered yet. The same subset each time.
    """
    order = list(cells)
    random.Random(4).shuffle(order)  # neighbours in the product have almost the same pairs
    pairs = {cell: set(itertools.combinations(enumerate(cell), 2)) for cell in order}
    missing = set().union(*pairs.values())
    subset = []
    while missing:
        best = max(order, key=lambda cell: len(pairs[cell] & missing))
        missing -= pairs[best]
        subset.append(best)
    return subset
