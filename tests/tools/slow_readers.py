"""Clients that ask for much and stop reading: slow_readers.py PORT CA-FILE COUNT PATH [STREAMS]

Each has a small receive buffer and reads 1 KiB. With STREAMS it speaks HTTP/2, asks that often on
one connection and gives windows so large that they hold nothing back. Prints "ready COUNT" once all
have read, and "reset COUNT" once the server has reset all of the connections; an end in order is an
error.
"""
import select
import socket
import ssl
import sys

PORT, COUNT, PATH = int(sys.argv[1]), int(sys.argv[3]), sys.argv[4]
STREAMS = int(sys.argv[5]) if len(sys.argv) > 5 else 0
TLS = ssl.create_default_context(cafile=sys.argv[2])
TLS.set_alpn_protocols(["h2" if STREAMS else "http/1.1"])
SETTINGS, HEADERS, WINDOW_UPDATE = 4, 1, 8
LARGEST_WINDOW = (1 << 31) - 1


def frame(kind, payload, flags=0, stream=0):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
            + payload)


def literal(index, text):
    """A field whose name is in HPACK's static table, not to be indexed (RFC 7541 §6.2.2)."""
    return bytes([index, len(text)]) + text.encode()


def requests():
    if not STREAMS:
        return f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    initial_window = (4).to_bytes(2, "big") + LARGEST_WINDOW.to_bytes(4, "big")
    fields = b"\x82\x87" + literal(4, PATH) + literal(1, "localhost")  # GET, https, path, authority
    ends_both = 0x05  # END_STREAM, END_HEADERS
    return (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, initial_window)
            + frame(WINDOW_UPDATE, (LARGEST_WINDOW - 65535).to_bytes(4, "big"))
            + b"".join(frame(HEADERS, fields, ends_both, 2 * number + 1)
                       for number in range(STREAMS)))


def slow_reader():
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(20)
    plain.connect(("127.0.0.1", PORT))
    connection = TLS.wrap_socket(plain, server_hostname="localhost")
    connection.sendall(requests())
    answer = b""
    while len(answer) < 1024:
        piece = connection.recv(1024)
        if not piece:
            raise EOFError(f"the answer ends after {len(answer)} bytes")
        answer += piece
    if not STREAMS and not answer.startswith(b"HTTP/1.1 200 "):
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
