"""ProFTPD that does TLS itself."""
import ftp_servers
from ftp_servers import OWNER

PROGRAM = str(ftp_servers.PROFTPD)


def can(case):
    return ftp_servers.does_tls(case)


def start(lab, case):
    words = ftp_servers.words(lab, "proftpd", case)
    users = words["scratch"] / "users"
    users.write_text(f"ftp:{ftp_servers.PASSWORD}:{OWNER.pw_uid}:{OWNER.pw_gid}:ftp:{words['root']}:"
                     "/bin/sh\n")
    users.chmod(0o600)  # it refuses one that others can read
    words["scratch"].chmod(0o755)  # and one in a directory that others can write
    config = lab.fill("proftpd.conf", f"proftpd-{words['port']}.conf", users=users, **words)
    return ftp_servers.start(lab, "proftpd", PROGRAM, "-n", "-c", config, port=words["port"])
