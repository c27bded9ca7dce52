"""Pure-FTPd that does TLS itself. It starts as root only."""
import os
import subprocess

import ftp_servers
from ftp_servers import OWNER

PROGRAM = str(ftp_servers.PURE_FTPD)


def can(case):
    return ftp_servers.does_tls(case) and os.geteuid() == 0


def start(lab, case):
    words = ftp_servers.words(lab, "pureftpd", case)
    users = words["scratch"] / "users"
    users.write_text(f"ftp:{ftp_servers.PASSWORD}:{OWNER.pw_uid}:{OWNER.pw_gid}::{words['root']}/./"
                     "::::::::::::\n")
    database = words["scratch"] / "users.pdb"
    subprocess.run([ftp_servers.UNPACKED / "usr/bin/pure-pw", "mkdb", database, "-f", users],
                   check=True)
    config = lab.fill("pureftpd.conf", f"pureftpd-{words['port']}.conf", users=database, **words)
    return ftp_servers.start(lab, "pureftpd", PROGRAM, config, port=words["port"])
