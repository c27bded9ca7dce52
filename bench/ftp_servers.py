"""What FTP servers of the benchmark have in common: where their programs are, their files, their
user "ftp" with the password "secret", and vsftpd as the backend of hsmfront and mod_proxy."""
import contextlib
import grp
import os
import pwd
import socket
import sys
import time

import lab as bench

# ProFTPD and Pure-FTPd as packages exclude vsftpd; tests/matrix/servers.sh unpacks them here.
UNPACKED = bench.ROOT / ".cache/matrix/servers"
PROFTPD = UNPACKED / "usr/sbin/proftpd"
PURE_FTPD = UNPACKED / "usr/sbin/pure-ftpd"
VSFTPD = "/usr/sbin/vsftpd"
# Whom servers become and files belong to: nobody where we are root, else ourselves.
OWNER = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
OURSELVES = pwd.getpwuid(os.geteuid()).pw_name
# "secret" as the oldest and cheapest kind of crypt(3).
PASSWORD = "abNANd1rDfiNc"

BULK = 256 << 20
SMALL = 10 << 10
SMALL_FILES = 16


def root(lab, name):
    """A directory with the files "bulk" and "small0" … "small15", the same ones for all servers,
    and room for uploads."""
    first = lab.directory / "ftp-files"
    if not first.exists():
        first.mkdir()
        fill(first / "bulk", BULK)
        for number in range(SMALL_FILES):
            fill(first / f"small{number}", SMALL)
    directory = lab.fresh_directory(f"ftp-{name}")
    for file in first.iterdir():
        os.link(file, directory / file.name)
    os.chown(directory, OWNER.pw_uid, OWNER.pw_gid)
    return directory


def fill(path, size):
    with open(path, "wb") as file:
        for _ in range(max(1, size >> 20)):
            file.write(b"d" * min(size, 1 << 20))
    path.chmod(0o644)


def words(lab, name, case):
    """What the configuration files of all servers are filled in with."""
    files = lab.material / "files"
    key = files / f"{case.key}.key"
    key.chmod(0o600)
    port, = bench.free_ports(1)
    return {"port": port, "root": root(lab, name), "scratch": lab.fresh_directory(name),
            "certificate": files / f"{case.key}.pem", "key": key, "user": OWNER.pw_name,
            "group": grp.getgrgid(OWNER.pw_gid).gr_name, "modules": UNPACKED / "usr/lib/proftpd"}


def start(lab, name, *argv, port):
    """The server's processes as a Target that counts what its children used too."""
    return await_tls(
        lab.start_target(name, sys.executable, bench.ROOT / "bench/reap.py", *argv, port=port))


def backend(lab, case):
    """Port of the server that hsmfront and mod_proxy stand before: vsftpd in clear, or idle_ftp.py
    in cases that transfer nothing."""
    if case.backend == "idle":
        return lab.idle_ftp_backend()
    if "ftp" not in lab.backends:
        filled = words(lab, "backend", case) | {"user": OURSELVES}
        config = lab.fill("../backends/ftp.conf", "ftp-backend.conf", **filled)
        lab.start_target("backend", VSFTPD, config, port=filled["port"])
        lab.backends["ftp"] = filled["port"]
    return lab.backends["ftp"]


def await_tls(target):
    """Waits until the server is ready for TLS, which may be later than it listens."""
    if not bench.eventually(lambda: accepts_auth(target.address), 30):
        raise RuntimeError(f"{target.name} does not accept AUTH TLS")
    time.sleep(0.3)  # the process of that session has ended by then
    return target


def accepts_auth(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as client:
        client.recv(512)
        client.sendall(b"AUTH TLS\r\n")
        return client.recv(512).startswith(b"234")
    return False


def expect_success(target, figures):
    """mod_proxy now and then closes a session without a word; more than that is no measurement."""
    if not figures["done"] or figures["failed"] > 0.1 * figures["done"]:
        raise RuntimeError(f"{target.name}: {figures['failed']:.0f} failed, {figures['done']:.0f} done")


def does_tls(case):
    """True where a server of files with its own TLS can take part."""
    return case.store == "file" and case.backend == "files"
