"""HTTPS with Python's own clients: https_session.py PORT CA-FILE

http.client on one connection, urllib, and a WebSocket by hand, before tests/tools/origin.py. Prints
nothing; what goes wrong is an exception.
"""
import hashlib
import http.client
import http.cookiejar
import os
import socket
import ssl
import sys
import urllib.error
import urllib.request

import generated
import websocket

PORT = int(sys.argv[1])
TLS = ssl.create_default_context(cafile=sys.argv[2])
URL = f"https://localhost:{PORT}"


def equal(left, right):
    if left != right:
        raise AssertionError(f"{left!r} instead of {right!r}")


def one_connection():
    """Requests of all kinds, one after the other, without a new connection."""
    connection = http.client.HTTPSConnection("localhost", PORT, context=TLS, timeout=20)
    connection.connect()
    first = connection.sock

    def ask(method, path, body=None, **options):
        connection.request(method, path, body, **options)
        answer = connection.getresponse()
        return answer, answer.read()

    noise = os.urandom(700_000)
    equal(ask("POST", "/echo", noise)[1], noise)
    pieces = (noise[at:at + 999] for at in range(0, len(noise), 999))
    expected = f"{hashlib.sha256(noise).hexdigest()} {len(noise)}\n".encode()
    equal(ask("PUT", "/digest", pieces, encode_chunked=True)[1], expected)
    head, content = ask("HEAD", "/bytes/300000")
    equal((head.getheader("Content-Length"), content), ("300000", b""))
    for path in ("/bytes/300000", "/chunks/300000"):
        equal(hashlib.sha256(ask("GET", path)[1]).hexdigest(), generated.digest(300_000))
    for status in (204, 304, 404, 500, 503):
        equal(ask("GET", f"/status/{status}")[0].status, status)
    equal(ask("DELETE", "/echo")[1], b"")
    equal(connection.sock, first)
    connection.close()


def urls():
    """Redirects are followed, cookies kept, errors raised."""
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=TLS),
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with opener.open(f"{URL}/redirect", timeout=20) as answer:
        equal(answer.url, f"{URL}/request")
        equal(answer.readline(), b"GET /request HTTP/1.1\n")
    opener.open(f"{URL}/cookies", timeout=20).close()
    with opener.open(f"{URL}/cookies", timeout=20) as answer:
        equal(answer.read(), b"session=s3cret; theme=dark")
    try:
        opener.open(f"{URL}/status/418", timeout=20)
        raise AssertionError("418 is no error")
    except urllib.error.HTTPError as error:
        equal((error.code, error.read()), (418, b"status 418\n"))


def web_socket():
    with TLS.wrap_socket(socket.create_connection(("localhost", PORT), 20),
                         server_hostname="localhost") as connection:
        stream = connection.makefile("rwb")
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        stream.write(f"GET /websocket HTTP/1.1\r\nHost: localhost:{PORT}\r\nUpgrade: websocket\r\n"
                     f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n".encode())
        stream.flush()
        equal(stream.readline(), b"HTTP/1.1 101 Switching Protocols\r\n")
        answer = http.client.parse_headers(stream)
        equal(answer["Sec-WebSocket-Accept"], websocket.accept_key(key))
        for size in (0, 1, 125, 126, 65535, 65536, 65537, 3_000_000):
            message = os.urandom(size)
            websocket.write_frame(stream, websocket.BINARY, message, client=True)
            equal(websocket.read_frame(stream), (websocket.BINARY, message, True))
        websocket.write_frame(stream, websocket.TEXT, b"first ", client=True, final=False)
        websocket.write_frame(stream, websocket.CONTINUATION, b"last", client=True)
        equal(websocket.read_frame(stream), (websocket.TEXT, b"first ", False))
        equal(websocket.read_frame(stream), (websocket.CONTINUATION, b"last", True))
        websocket.write_frame(stream, websocket.CLOSE, b"\x03\xe8", client=True)
        equal(websocket.read_frame(stream), (websocket.CLOSE, b"\x03\xe8", True))
        equal(stream.read(), b"")  # an end without close_notify is an error here


one_connection()
urls()
web_socket()
