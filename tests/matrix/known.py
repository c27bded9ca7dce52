"""Cells that fail, and why."""
from typing import NamedTuple


class Known(NamedTuple):
    client: str
    condition: dict  # dimension: values
    cause: str
    # True: the same fails with the servers' own TLS too, which matrix.py --direct --known proves.
    # False: hsmfront refuses what they allow, on purpose.
    directly: bool = True


CLEAR_ACTIVE = ("curl 7.87 and 7.88 send clear text on active data connections after asking for "
                "their protection (curl/curl#10666)")
KNOWN = [
    Known("curl", {"data": ("active",)}, CLEAR_ACTIVE),
    Known("curl-gnutls", {"data": ("active",)}, CLEAR_ACTIVE),
    Known("curl-gnutls", {"tls": ("1.3",), "reuse": ("require",)},
          "libcurl switches tickets off in GnuTLS, and TLS 1.3 has no other way to resume"),
    Known("go", {"tls": ("1.2",), "reuse": ("require",)},
          "Go before 1.21 has no extended master secret (RFC 7627), without which a resumed TLS "
          "1.2 session does not prove that the peer is the same", directly=False),
]
# Cells that fail now and then through a race inside the client: they are tried again.
RACES = [
    Known("wget", {"tls": ("1.3",), "reuse": ("require",)},
          "Wget takes the session right after the handshake; a ticket that comes later (30 ms are "
          "enough) is lost to its data connection"),
]

# Clients that resume when their caller takes a step of his own, as the programs in clients/ do.
RECIPES = {
    "ftplib": "resumes with ntransfercmd() overridden: wrap_socket(..., session=self.sock.session)",
    "net-ftp": "resumes with IO::Socket::SSL::set_client_defaults(SSL_session_key => ...)",
    "java": "resumes when the session is filed under the data connection's address by reflection",
    "go": "resumes when tls.Config has a ClientSessionCache; needs a dial function that leaves the "
          "TLS handshake to the first byte",
}


def first_match(entries, cell):
    return next((entry for entry in entries
                 if entry.client == cell.client and cell.matches(entry.condition)), None)


def known(cell):
    """The entry that says that the cell fails, or None."""
    return first_match(KNOWN, cell)


def race(cell):
    """The entry that says that the cell may fail now and then, or None."""
    return first_match(RACES, cell)
