"""An FTP server for sessions that do nothing: idle_ftp.py PORT

Greets, lets anybody in and says 200 to all else. One process however many sessions there are, so
that thousands of them leave the machine to the proxy; it has no files and no data connections.
"""
import asyncio
import resource
import sys

REPLIES = {"USER": b"331 Any password.", "PASS": b"230 Logged in.", "QUIT": b"221 Goodbye."}


class Session(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.pending = b""
        transport.write(b"220 Ready.\r\n")

    def data_received(self, data):
        *lines, self.pending = (self.pending + data).split(b"\r\n")
        for line in lines:
            verb = line.decode(errors="replace").partition(" ")[0].upper()
            self.transport.write(REPLIES.get(verb, b"200 Well.") + b"\r\n")
            if verb == "QUIT":
                self.transport.close()


async def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Session, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    await server.serve_forever()


asyncio.run(main())
