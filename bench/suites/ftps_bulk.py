"""Bulk transfers over FTPS

Files of 256 MiB one after the other in one session, TLS 1.3 with AES-128-GCM, PASV, data connections
that resume the session. hsmfront and ProFTPD's mod_proxy stand before the same vsftpd, whose CPU is
not counted; vsftpd, ProFTPD and Pure-FTPd that do TLS themselves also read and write the files. No
target writes a transfer log.
"""
import ftp_servers
import lab as bench

TARGETS = ["hsmfront_ftps", "mod_proxy", "vsftpd", "proftpd", "pureftpd"]
RIVALS = ["mod_proxy"]  # whom the goals name
FIGURES = {"cpu_s_gib": "CPU, s per GiB", "mib_s": "MiB per second"}
SECONDS = 3
CASES = [
    bench.case("download", direction="down", file="bulk", backend="files", goal=0.6),
    bench.case("upload", direction="up", file="uploaded", backend="files", goal=0.5),
]


def measure(lab, target, case, seconds):
    figures = lab.load(target, "ftps_load", "transfers", f"direction={case.direction}",
                       f"name={case.file}", f"size={ftp_servers.BULK}", f"seconds={seconds}")
    ftp_servers.expect_success(target, figures)
    figures["mib_s"] = figures["bytes"] / figures["seconds"] / (1 << 20)
    return bench.per(figures, "cpu_s_gib", 1 << 30, "bytes")
