"""FTPS with Python's ftplib: ftps.py ACTION HOST PORT CA [ARGUMENT]

session FILE   logs in, uploads FILE as py.bin, lists, downloads it, deletes it; prints its SHA-256
active FILE COMMAND VERSION MODE
               uploads FILE as up.bin and downloads it over data connections that come to the
               client; COMMAND is port or eprt, VERSION 1.2 or 1.3, MODE explicit or implicit;
               prints its SHA-256
hours HOURS VERSION
               transfers without an end until so many hours have passed on its clock, every data
               connection resuming the session of the control connection; prints their number
truncate FILE  sends FILE as cut.bin and closes TCP without close_notify; prints the final reply
clear          logs in without TLS; prints the reply
inject         sends a command in clear behind AUTH TLS; prints what comes after the reply to AUTH
"""
import ftplib
import hashlib
import io
import socket
import ssl
import sys
import time


def login(host, port, ca):
    ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=ca), timeout=30)
    ftp.connect(host, port)
    ftp.login("ftp", "secret")
    ftp.prot_p()
    return ftp


def session(host, port, ca, path):
    ftp = login(host, port, ca)
    with open(path, "rb") as file:
        ftp.storbinary("STOR py.bin", file)
    assert "py.bin" in ftp.nlst(), "the listing lacks the file"
    digest = hashlib.sha256()
    ftp.retrbinary("RETR py.bin", digest.update)
    ftp.delete("py.bin")
    ftp.quit()
    print(digest.hexdigest())


class ActiveFtp(ftplib.FTP_TLS):
    """ftplib chooses PORT or EPRT by the address family and knows explicit FTPS only."""

    def __init__(self, command, implicit, **options):
        super().__init__(**options)
        self.command, self.implicit = command, implicit
        self.set_pasv(False)

    def connect(self, host, port):
        if not self.implicit:
            return super().connect(host, port)
        plain = socket.create_connection((host, port), timeout=self.timeout)
        self.host, self.af = host, plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def sendport(self, host, port):
        if self.command == "eprt":
            return self.sendeprt(host, port)
        return super().sendport(host, port)


def active(host, port, ca, path, command, version, mode):
    context = ssl.create_default_context(cafile=ca)
    number = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
    context.minimum_version = context.maximum_version = number
    ftp = ActiveFtp(command, mode == "implicit", context=context, timeout=60)
    ftp.connect(host, port)
    ftp.login("ftp", "secret")
    ftp.prot_p()
    with open(path, "rb") as file:
        ftp.storbinary("STOR up.bin", file, blocksize=65536)
    digest = hashlib.sha256()
    ftp.retrbinary("RETR up.bin", digest.update, blocksize=65536)
    ftp.quit()
    print(digest.hexdigest())


class ResumingFtp(ftplib.FTP_TLS):
    """ftplib makes a new session for each data connection."""

    def ntransfercmd(self, cmd, rest=None):
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        data = self.context.wrap_socket(
            data, server_hostname=self.host, session=self.sock.session
        )
        assert data.session_reused, "a data connection was not resumed"
        return data, size


def hours(host, port, ca, number, version):
    context = ssl.create_default_context(cafile=ca)
    wanted = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
    context.minimum_version = context.maximum_version = wanted
    ftp = ResumingFtp(context=context, timeout=60)
    ftp.connect(host, port)
    ftp.login("ftp", "secret")
    ftp.prot_p()
    end = time.time() + float(number) * 3600
    count = 0
    while time.time() < end:
        ftp.storbinary("STOR hours.bin", io.BytesIO(b"content"))
        received = []
        ftp.retrbinary("RETR hours.bin", received.append)
        assert b"".join(received) == b"content"
        count += 2
        time.sleep(0.1)
    ftp.quit()
    print(count)


def truncate(host, port, ca, path):
    ftp = login(host, port, ca)
    ftp.voidcmd("TYPE I")
    data, _ = ftp.ntransfercmd("STOR cut.bin")
    with open(path, "rb") as file:
        data.sendall(file.read())
    data.close()  # the TCP connection only: ssl sends close_notify in unwrap() alone
    try:
        print(ftp.getresp())
    except ftplib.Error as error:
        print(error)
    print(ftp.sendcmd("NOOP"))


def clear(host, port, _):
    ftp = ftplib.FTP(timeout=30)
    ftp.connect(host, port)
    try:
        print(ftp.login("ftp", "secret"))
    except ftplib.Error as error:
        print(error)


def inject(host, port, _):
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.recv(4096)
        connection.sendall(b"AUTH TLS\r\nNOOP\r\n")
        received = b""
        try:
            while part := connection.recv(4096):
                received += part
        except ConnectionResetError:
            pass
        print("answers:", received.decode(errors="replace").splitlines()[1:])


actions = {
    "session": session,
    "active": active,
    "hours": hours,
    "truncate": truncate,
    "clear": clear,
    "inject": inject,
}
action, host, port, *rest = sys.argv[1:]
actions[action](host, int(port), *rest)
