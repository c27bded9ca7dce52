"""Clients that ask for much and stop reading: slow_readers.py PORT CA-FILE COUNT PATH

Each has a small receive buffer and reads 1 KiB of the content. Prints "ready COUNT" once all have,
and "reset COUNT" once the server has reset all of the connections; an end in order is none.
"""
import select
import socket
import ssl
import sys

PORT, COUNT, PATH = int(sys.argv[1]), int(sys.argv[3]), sys.argv[4]
TLS = ssl.create_default_context(cafile=sys.argv[2])


def slow_reader():
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(20)
    plain.connect(("127.0.0.1", PORT))
    connection = TLS.wrap_socket(plain, server_hostname="localhost")
    connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = b""
    while len(answer) < 1024:
        piece = connection.recv(1024)
        if not piece:
            raise EOFError(f"the answer ends after {len(answer)} bytes")
        answer += piece
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(answer[:40])
    return connection


connections = [slow_reader() for _ in range(COUNT)]
print("ready", COUNT, flush=True)
waiting = select.poll()
for one in connections:
    waiting.register(one, 0)  # POLLERR comes unasked
reset = set()
while len(reset) < COUNT:
    for fd, events in waiting.poll():
        if not events & select.POLLERR:
            raise RuntimeError(f"{events} instead of a reset")
        reset.add(fd)
        waiting.unregister(fd)
print("reset", COUNT, flush=True)
