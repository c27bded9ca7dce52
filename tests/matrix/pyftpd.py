"""pyftpdlib as a server: pyftpd.py HOST PORT ROOT [PEM]; with PEM (key and certificate) it does
explicit TLS itself and demands it on both channels."""
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

host, port, root, *pem = sys.argv[1:]
handler = FTPHandler
if pem:
    from pyftpdlib.handlers import TLS_FTPHandler
    handler = TLS_FTPHandler
    handler.certfile = pem[0]
    handler.tls_control_required = handler.tls_data_required = True
handler.authorizer = DummyAuthorizer()
handler.authorizer.add_user("ftp", "secret", root, perm="elradfmwMT")
ThreadedFTPServer((host, int(port)), handler).serve_forever()
