"""Does TLS and asks for /small on the connection that is descriptor 3, and prints what comes:
late_client.py CA-FILE PROTOCOL, the protocol being http/1.1 or h2.
"""
import socket
import ssl
import sys

ca, protocol = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.set_alpn_protocols([protocol])
client = context.wrap_socket(socket.socket(fileno=3), server_hostname="localhost")
assert client.selected_alpn_protocol() == protocol
if protocol == "h2":
    # SETTINGS, and a HEADERS frame: GET https://localhost/small without Huffman code (RFC 7541).
    block = b"\x82\x87\x04\x06/small\x01\x09localhost"
    client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]) +
                   len(block).to_bytes(3, "big") + bytes([1, 5, 0, 0, 0, 1]) + block)
else:
    client.sendall(b"GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n")
received = b""
while b"small" not in received:
    piece = client.recv(65536)
    if not piece:
        break
    received += piece
print(received)
