"""vsftpd that does TLS itself."""
import ftp_servers

PROGRAM = ftp_servers.VSFTPD


def can(case):
    return ftp_servers.does_tls(case)


def start(lab, case):
    words = ftp_servers.words(lab, "vsftpd", case) | {"user": ftp_servers.OURSELVES}
    config = lab.fill("vsftpd.conf", f"vsftpd-{words['port']}.conf", **words)
    return ftp_servers.start(lab, "vsftpd", PROGRAM, config, port=words["port"])
