"""Clients of the two nodes. Called inside the host they run on."""
import ftplib
import hashlib
import socket
import ssl
import threading
import time

from topology import BALANCER

TIMEOUT = 20


def context(ca, version=None):
    made = ssl.create_default_context(cafile=ca)
    made.check_hostname = False  # the certificate is for localhost
    if version:
        made.minimum_version = made.maximum_version = version
    return made


class Ftps(ftplib.FTP_TLS):
    """Explicit FTPS; data connections resume the session of the control connection."""

    def __init__(self, ca, source="10.77.1.2", implicit=False):
        super().__init__(context=context(ca), timeout=TIMEOUT, source_address=(source, 0))
        if implicit:
            self.connect_implicit()
        else:
            self.connect(BALANCER, 21)
        self.login("ftp", "secret")
        self.prot_p()

    def connect_implicit(self):
        plain = socket.create_connection((BALANCER, 990), TIMEOUT, self.source_address)
        self.host, self.port, self.af = BALANCER, 990, plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=BALANCER)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    def ntransfercmd(self, cmd, rest=None):
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        return self.wrap(data), size

    def wrap(self, data):
        return self.context.wrap_socket(data, server_hostname=BALANCER, session=self.sock.session,
                                        suppress_ragged_eofs=False)

    def begin(self, command):
        """The data connection of a transfer, which stands."""
        self.voidcmd("TYPE I")
        data, _ = self.ntransfercmd(command)
        return data

    def fetch(self, name):
        digest = hashlib.sha256()
        self.retrbinary(f"RETR {name}", digest.update)
        return digest.hexdigest()

    def node(self):
        """Who serves this session, by the slice of its passive ports."""
        _, port = ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())
        return "node1" if port < 50100 else "node2"


def get(path, ca, session=None, version=None, source="10.77.1.2"):
    """(content, session, whether it was resumed) of one HTTPS request through the balancer."""
    plain = socket.create_connection((BALANCER, 443), TIMEOUT, (source, 0))
    with context_of(ca, version, session).wrap_socket(
            plain, server_hostname="localhost", session=session) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while part := connection.recv(65536):
            received += part
        head, _, content = received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise OSError(f"answered with {head!r}")
        return content.decode(), connection.session, connection.session_reused


contexts = {}


def context_of(ca, version, session):
    """Python resumes a session only with the context it was made with."""
    if session is None and version is None:
        return context(ca)
    return contexts.setdefault((ca, version), context(ca, version))


def say(source, host, port, data):
    """What comes back until the other side closes, and how it did."""
    with socket.create_connection((host, port), TIMEOUT, (source, 0)) as connection:
        connection.settimeout(TIMEOUT)
        connection.sendall(data)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
            return received, "closed"
        except ConnectionResetError:
            return received, "reset"
        except TimeoutError:
            return received, "open"


class Load:
    """New HTTPS connections and FTPS sessions without a pause, until stop()."""

    def __init__(self, network, ca, name, digest):
        self.network, self.ca, self.name, self.digest = network, ca, name, digest
        self.done = {"https": 0, "ftps": 0}
        self.failures = []  # (when it began, what it said)
        self.ends = threading.Event()
        self.threads = [threading.Thread(target=self.repeat, args=(kind, one))
                        for kind, one in (("https", self.https), ("ftps", self.ftps))]
        for thread in self.threads:
            thread.start()

    def repeat(self, kind, one):
        with self.network.inside("client"):
            while not self.ends.is_set():
                began = time.monotonic()
                try:
                    one()
                    self.done[kind] += 1
                except (OSError, EOFError, ftplib.Error) as error:
                    self.failures.append((began, f"{kind}: {type(error).__name__} {error}"))

    def https(self):
        get("/whoami", self.ca)

    def ftps(self):
        ftp = Ftps(self.ca)
        try:
            if ftp.fetch(self.name) != self.digest:
                raise OSError("the file differs")
            ftp.quit()
        finally:
            ftp.close()

    def go_on(self, number, limit=30):
        """Waits until so many more of each kind went well."""
        wanted = {kind: count + number for kind, count in self.done.items()}
        deadline = time.monotonic() + limit
        while any(self.done[kind] < count for kind, count in wanted.items()):
            if time.monotonic() > deadline:
                raise AssertionError(f"the load stands: {self.done}, {self.failures}")
            time.sleep(0.05)

    def stop(self):
        self.ends.set()
        for thread in self.threads:
            thread.join()
