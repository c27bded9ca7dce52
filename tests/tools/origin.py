"""An HTTP/1.1 origin on 127.0.0.1 that shows what it was sent: origin.py PORT

/echo      any method: the request's body comes back
/digest    any method: sha256 and length of the request's body, which is not kept
/form      POST: names, file names, sizes and sha256 of a multipart form's parts, as JSON
/request   the request line and header fields as they arrived
/cookies   the request's Cookie field; sets two cookies
/redirect  302 to http://HOST/request, as an origin does that knows of no TLS
/status/N  answers with status N
/bytes/N   N bytes of generated.py, with their length
/chunks/N  the same in chunks, without a length
/chunked   a short body in chunks
/drip      1000 lines, one every 10 ms
/websocket sends messages back (RFC 6455)

A prefix /app is ignored, for servers that pass it on.
"""
import email
import hashlib
import json
import sys
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import generated
import websocket


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self):
        """The request's body in pieces."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            left = int(self.headers.get("Content-Length", 0))
            while left:
                piece = self.rfile.read(min(left, 1 << 18))
                if not piece:
                    raise ConnectionError("the request is cut")
                left -= len(piece)
                yield piece
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass

    def answer(self, body, status=200, kind="application/octet-stream", **fields):
        self.begin(status, kind, {"Content-Length": len(body), **fields})
        if self.command != "HEAD":
            self.wfile.write(body)

    def begin(self, status, kind, fields):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, values in fields.items():
            for value in values if isinstance(values, list) else [values]:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def answer_chunked(self, pieces):
        self.begin(200, "application/octet-stream", {"Transfer-Encoding": "chunked"})
        for piece in pieces:
            self.wfile.write(b"%x\r\n" % len(piece))
            self.wfile.write(piece)
            self.wfile.write(b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def echo(self, _):
        self.answer(b"".join(self.body()))

    def digest(self, _):
        total, length = hashlib.sha256(), 0
        for piece in self.body():
            total.update(piece)
            length += len(piece)
        self.answer(f"{total.hexdigest()} {length}\n".encode(), kind="text/plain")

    def form(self, _):
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = email.message_from_bytes(head + b"".join(self.body())).get_payload()
        contents = [(part, part.get_payload(decode=True)) for part in parts]
        self.answer(json.dumps([
            {"name": part.get_param("name", header="Content-Disposition"),
             "file": part.get_filename(), "size": len(content),
             "sha256": hashlib.sha256(content).hexdigest()}
            for part, content in contents]).encode(), kind="application/json")

    def request_seen(self, _):
        self.answer(f"{self.requestline}\n{self.headers}".encode(), kind="text/plain")

    def cookies(self, _):
        self.answer(self.headers.get("Cookie", "").encode(), kind="text/plain",
                    Set_Cookie=["session=s3cret; Path=/; HttpOnly", "theme=dark; Path=/"])

    def redirect(self, _):
        self.answer(b"", 302, Location=f"http://{self.headers['Host']}{self.prefix}/request")

    def status(self, number):
        if number in ("204", "304"):  # never have content (RFC 9110 §6.4.1)
            self.begin(int(number), "text/plain", {})
            return
        self.answer(f"status {number}\n".encode(), int(number), "text/plain")

    def bytes(self, size):
        self.begin(200, "application/octet-stream", {"Content-Length": size})
        for block in generated.blocks(int(size) if self.command != "HEAD" else 0):
            self.wfile.write(block)

    def chunks(self, size):
        self.answer_chunked(generated.blocks(int(size)))

    def chunked(self, _):
        self.answer_chunked([b"one\n", b"two\n", b"three\n"])

    def drip(self, _):
        self.answer_chunked(self.lines())

    def lines(self):
        for number in range(1000):
            time.sleep(0.01)
            yield b"line %d\n" % number

    def websocket(self, _):
        key = self.headers.get("Sec-WebSocket-Key")
        if key is None or self.headers.get("Upgrade", "").lower() != "websocket":
            self.answer(b"a WebSocket is opened here\n", 426, "text/plain", Upgrade="websocket")
            return
        self.close_connection = True
        self.send_response(101)
        for field in (("Upgrade", "websocket"), ("Connection", "Upgrade"),
                      ("Sec-WebSocket-Accept", websocket.accept_key(key))):
            self.send_header(*field)
        self.end_headers()
        websocket.echo(self.rfile, self.wfile)

    def serve(self):
        self.prefix = "/app" if self.path.startswith("/app/") else ""
        _, name, *argument = self.path.removeprefix(self.prefix).split("?")[0].split("/")
        try:
            page = PAGES.get(name, Origin.echo)
            if page not in READERS:
                deque(self.body(), maxlen=0)
            page(self, *argument[:1] or [""])
        except (ConnectionError, EOFError):  # the client has gone; there is nobody to be told
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve

    def log_message(self, *_):
        pass


PAGES = {"digest": Origin.digest, "form": Origin.form, "request": Origin.request_seen,
         "cookies": Origin.cookies, "redirect": Origin.redirect, "status": Origin.status,
         "bytes": Origin.bytes, "chunks": Origin.chunks, "chunked": Origin.chunked,
         "drip": Origin.drip, "websocket": Origin.websocket}
READERS = (Origin.echo, Origin.digest, Origin.form)


class Server(ThreadingHTTPServer):
    request_queue_size = 1024


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Origin).serve_forever()
