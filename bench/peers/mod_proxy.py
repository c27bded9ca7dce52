"""ProFTPD with mod_proxy as a front, the same server behind it as behind hsmfront."""
import ftp_servers

PROGRAM = str(ftp_servers.PROFTPD)


def can(case):
    return case.store == "file"


def start(lab, case):
    words = ftp_servers.words(lab, "mod_proxy", case)
    tables = words["scratch"] / "tables"
    tables.mkdir()
    words["scratch"].chmod(0o755)  # it refuses one that others can write
    config = lab.fill("mod_proxy.conf", f"mod_proxy-{words['port']}.conf", tables=tables,
                      backend=ftp_servers.backend(lab, case), **words)
    return ftp_servers.start(lab, "mod_proxy", PROGRAM, "-n", "-c", config, port=words["port"])
