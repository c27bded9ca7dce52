"""An HTTP/1.1 origin on 127.0.0.1 that shows what it was sent: origin.py PORT

/echo      any method: the request's body comes back
/request   the request line and header fields as they arrived
/chunked   a body in chunks, without a length
/drip      1000 lines, one every 10 ms
"""
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        return body

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_chunked(self, pieces):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def drip(self):
        for number in range(1000):
            time.sleep(0.01)
            yield b"line %d\n" % number

    def serve(self):
        body = self.read_body()
        if self.path == "/request":
            self.answer(f"{self.requestline}\n{self.headers}".encode())
        elif self.path == "/chunked":
            self.answer_chunked([b"one\n", b"two\n", b"three\n"])
        elif self.path == "/drip":
            self.answer_chunked(self.drip())
        else:
            self.answer(body)

    do_GET = do_POST = do_PUT = serve

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Origin).serve_forever()
