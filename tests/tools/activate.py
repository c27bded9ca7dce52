"""As systemd does for a socket unit (sd_listen_fds(3)): binds, listens, and becomes the program.

    activate.py ADDRESS... -- PROGRAM [ARGUMENT]...

ADDRESS is [HOST]:PORT or a path.
"""
import os
import socket
import sys

end = sys.argv.index("--")
sockets = []
for address in sys.argv[1:end]:
    if address.startswith("/"):
        one = socket.socket(socket.AF_UNIX)
        one.bind(address)
    else:
        host, port = address.rsplit(":", 1)
        one = socket.socket(socket.AF_INET6)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        one.bind((host.strip("[]"), int(port)))
    one.listen(100)
    sockets.append(one)
high = [os.dup2(one.detach(), 100 + i, inheritable=False) for i, one in enumerate(sockets)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
os.environ["LISTEN_FDS"] = str(len(high))
os.environ["LISTEN_PID"] = str(os.getpid())
os.execvp(sys.argv[end + 1], sys.argv[end + 1:])
