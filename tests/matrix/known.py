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


def known(cell):
    """The entry that says that the cell fails, or None."""
    return next((entry for entry in KNOWN
                 if entry.client == cell.client and cell.matches(entry.condition)), None)
