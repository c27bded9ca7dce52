"""Cells that fail, and why."""
from typing import NamedTuple


class Known(NamedTuple):
    client: str
    condition: dict  # dimension: values
    cause: str
    # True: the same fails with the servers' own TLS too, which matrix.py --direct --known proves.
    # False: hsmfront refuses what they allow, on purpose.
    directly: bool = True


CLEAR_ACTIVE = ("curl before 8.0 sends clear text on active data connections after asking for "
                "their protection (curl/curl#10666)")
KNOWN = [
    Known("curl", {"data": ("active",)}, CLEAR_ACTIVE),
    Known("curl-gnutls", {"data": ("active",)}, CLEAR_ACTIVE),
    Known("curl-gnutls", {"tls": ("1.3",), "reuse": ("require",)},
          "libcurl switches tickets off in GnuTLS, and TLS 1.3 has no other way to resume"),
    Known("go", {"tls": ("1.2",), "reuse": ("require",)},
          "Go before 1.21 has no extended master secret (RFC 7627), without which a resumed TLS 1.2 "
          "session does not prove that the peer is the same", directly=False),
]
# Cells that fail now and then through a race inside the client: they are tried again.
RACES = [
    Known("wget", {"tls": ("1.3",), "reuse": ("require",)},
          "Wget takes the session right after the handshake; a ticket that comes later (30 ms are "
          "enough) is lost to its data connection"),
]


def first_match(entries, cell):
    return next((entry for entry in entries
                 if entry.client == cell.client and cell.matches(entry.condition)), None)


def known(cell):
    """The entry that says that the cell fails, or None."""
    return first_match(KNOWN, cell)


def race(cell):
    """The entry that says that the cell may fail now and then, or None."""
    return first_match(RACES, cell)
