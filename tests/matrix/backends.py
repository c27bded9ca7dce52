"""The FTP servers of the matrix: in plaintext behind hsmfront, and with their own TLS for the
direct comparison. All serve user "ftp", password "secret", on loopback, each from its own root.
"""
import grp
import os
import pathlib
import pwd
import shutil
import subprocess

from harness import Process

HERE = pathlib.Path(__file__).resolve().parent
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
# Whom files belong to: nobody where we are root, else ourselves.
OWNER = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


class Tls:
    """How a server does TLS itself. `certificate` and `key` are PEM files."""

    def __init__(self, certificate, key, implicit=False, require_reuse=False):
        self.certificate, self.key = certificate, key
        self.implicit, self.require_reuse = implicit, require_reuse


class Backend:
    """A running server. `host` is 127.0.0.1 or ::1, `unpacked` prepare.sh's folder of servers."""

    def __init__(self, name, directory, port, unpacked, host="127.0.0.1", tls=None):
        self.name, self.directory, self.port = name, directory, port
        self.unpacked, self.host, self.tls = unpacked, host, tls
        self.root = directory / "root"
        self.root.mkdir(parents=True)
        os.chown(self.root, OWNER.pw_uid, OWNER.pw_gid)
        argv, env = STARTERS[name](self)
        self.process = Process(argv, directory / "output.log", env, cwd=directory)
        self.process.await_port(host, port)

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def place(self, file):
        """Puts a file there for a client that only downloads."""
        shutil.copy(file, self.root)

    def combined(self):
        """Key and certificates in one file."""
        return self.write("server.pem", self.tls.key.read_text() + self.tls.certificate.read_text())


def password_hash():
    return subprocess.run(["openssl", "passwd", "-6", "secret"], check=True, capture_output=True,
                          text=True).stdout.strip()


def vsftpd(server):
    if server.host == "::1":
        listen = "listen=NO\nlisten_ipv6=YES\nlisten_address6=::1\n"
    else:
        listen = f"listen=YES\nlisten_address={server.host}\n"
    tls = ""
    if server.tls:
        yes = {True: "YES", False: "NO"}
        tls = (f"ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\n"
               f"force_anon_data_ssl=YES\nssl_ciphers=HIGH\n"
               f"implicit_ssl={yes[server.tls.implicit]}\n"
               f"require_ssl_reuse={yes[server.tls.require_reuse]}\n"
               f"rsa_cert_file={server.tls.certificate}\nrsa_private_key_file={server.tls.key}\n")
    user = pwd.getpwuid(os.geteuid()).pw_name
    config = server.write("vsftpd.conf", f"""{listen}listen_port={server.port}
background=NO
run_as_launching_user=YES
ftp_username={user}
local_enable=NO
anonymous_enable=YES
anon_root={server.root}
write_enable=YES
anon_upload_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
allow_writeable_chroot=YES
secure_chroot_dir={server.directory}
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
connect_from_port_20=NO
xferlog_enable=YES
dual_log_enable=YES
log_ftp_protocol=YES
vsftpd_log_file={server.directory}/vsftpd.log
xferlog_file={server.directory}/xfer.log
{tls}""")
    return ["vsftpd", config], {"PATH": SBIN}


def proftpd(server):
    users = server.write("users", f"ftp:{password_hash()}:{OWNER.pw_uid}:{OWNER.pw_gid}:ftp:"
                                  f"{server.root}:/bin/sh\n")
    users.chmod(0o600)  # it refuses one that others can read
    tls = ""
    if server.tls:
        options = (["UseImplicitSSL"] if server.tls.implicit else []) + (
            [] if server.tls.require_reuse else ["NoSessionReuseRequired"])
        tls = (f"LoadModule mod_tls.c\nTLSEngine on\nTLSRequired on\nTLSProtocol TLSv1.2 TLSv1.3\n"
               f"TLSRSACertificateFile {server.tls.certificate}\n"
               f"TLSRSACertificateKeyFile {server.tls.key}\n"
               f"TLSLog {server.directory}/tls.log\n"
               + (f"TLSOptions {' '.join(options)}\n" if options else ""))
        server.tls.key.chmod(0o600)
    config = server.write("proftpd.conf", f"""ServerType standalone
ServerName backend
DefaultAddress {server.host}
SocketBindTight on
Port {server.port}
User {OWNER.pw_name}
Group {grp.getgrgid(OWNER.pw_gid).gr_name}
ModulePath {server.unpacked}/usr/lib/proftpd
AuthUserFile {users}
AuthOrder mod_auth_file.c*
RequireValidShell off
WtmpLog off
AllowOverwrite on
UseReverseDNS off
DelayEngine off
PidFile {server.directory}/pid
ScoreboardFile {server.directory}/scoreboard
SystemLog {server.directory}/proftpd.log
TransferLog none
{tls}""")
    return [f"{server.unpacked}/usr/sbin/proftpd", "-n", "-c", config], {}


def pureftpd(server):
    users = server.write("users", f"ftp:{password_hash()}:{OWNER.pw_uid}:{OWNER.pw_gid}::"
                                  f"{server.root}/./::::::::::::\n")
    database = server.directory / "users.pdb"
    make = [f"{server.unpacked}/usr/bin/pure-pw", "mkdb", database, "-f", users]
    subprocess.run(make, check=True)
    argv = [f"{server.unpacked}/usr/sbin/pure-ftpd", "--bind", f"{server.host},{server.port}",
            "--login", f"puredb:{database}", "--noanonymous", "--dontresolve", "--minuid", "1",
            "--maxclientsnumber", "100", "--maxclientsperip", "100", "--notruncate",
            "--pidfile", server.directory / "pid"]
    if server.tls:
        argv += ["--tls", "3", "--certfile", server.combined()]
    return argv, {}


def pyftpdlib(server):
    argv = ["/usr/bin/python3", HERE / "pyftpd.py", server.host, server.port, server.root]
    return argv + ([server.combined()] if server.tls else []), {}


STARTERS = {"vsftpd": vsftpd, "proftpd": proftpd, "pureftpd": pureftpd, "pyftpdlib": pyftpdlib}


def unavailable(name):
    """Why the server cannot run here, or None."""
    if name == "pureftpd" and os.geteuid() != 0:
        return "Pure-FTPd starts as root only"
    return None


def can_do_directly(cell):
    """True if the cell's server has TLS of its own that works the way the cell asks for. How
    hsmfront reaches its backend makes no difference here, so only one value of that is kept."""
    if cell.backend_data != "passive":
        return False
    if cell.security == "implicit" or cell.reuse == "require":
        return cell.backend in ("vsftpd", "proftpd")
    return True
