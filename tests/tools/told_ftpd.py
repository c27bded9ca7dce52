"""An FTP server on ADDRESS that must be told its client: told_ftpd.py ADDRESS PORT

Each connection, control and data, begins with a PROXY header; version 1 and 2 are printed as they
came: "control" or "data", then the line or the bytes. A download gives "content".
"""
import socket
import socketserver
import sys

signature = b"\r\n\r\n\0\r\nQUIT\n"


def header(connection):
    start = connection.recv(16, socket.MSG_WAITALL)
    if start.startswith(signature):
        return start + connection.recv(int.from_bytes(start[14:16], "big"), socket.MSG_WAITALL)
    while not start.endswith(b"\r\n") and (byte := connection.recv(1)):
        start += byte
    return start


class Session(socketserver.StreamRequestHandler):
    def answer(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        told = header(self.connection)
        if not told:
            return
        print("control", told, flush=True)
        self.answer("220 told")
        for line in iter(self.rfile.readline, b""):
            getattr(self, line.decode().split()[0].lower(), self.ok)()

    def ok(self):
        self.answer("200 OK")

    def user(self):
        self.answer("230 in")

    def pwd(self):
        self.answer('257 "/"')

    def epsv(self):
        self.listener = socket.create_server((sys.argv[1], 0))
        self.answer(f"229 go (|||{self.listener.getsockname()[1]}|)")

    def retr(self):
        self.answer("150 here")
        data, _ = self.listener.accept()
        with data, self.listener:
            print("data", header(data), flush=True)
            data.sendall(b"content")
        self.answer("226 done")

    def quit(self):
        self.answer("221 bye")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


Server((sys.argv[1], int(sys.argv[2])), Session).serve_forever()
