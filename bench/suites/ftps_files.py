"""Small files over FTPS

Files of 10 KiB one after the other in one session: PASV, RETR or STOR, a data connection that resumes
the TLS session wherever the server lets it (Pure-FTPd does not). The client offers X25519 first, as
common clients do; vsftpd and Pure-FTPd, which know P-256 alone, ask for that. hsmfront and ProFTPD's
mod_proxy stand before the same vsftpd, whose CPU is not counted; vsftpd, ProFTPD and Pure-FTPd that
do TLS themselves also read and write the files. No target writes a transfer log.
"""
import ftp_servers
import lab as bench

TARGETS = ["hsmfront_ftps", "mod_proxy", "vsftpd", "proftpd", "pureftpd"]
RIVALS = ["mod_proxy"]  # whom the goals name
FIGURES = {"cpu_ms": "CPU, ms per file", "rate": "files per second", "p99_ms": "99th percentile, ms"}
SECONDS = 3
CASES = [
    bench.case("download", direction="down", file="small", backend="files", goal=0.6),
    bench.case("upload", direction="up", file="uploaded", backend="files", goal=0.6),
]


def measure(lab, target, case, seconds):
    figures = lab.load(target, "ftps_load", "transfers", f"direction={case.direction}",
                       f"name={case.file}", f"names={ftp_servers.SMALL_FILES}",
                       f"size={ftp_servers.SMALL}", f"seconds={seconds}")
    ftp_servers.expect_success(target, figures)
    return bench.per(figures, "cpu_ms", 1e3, "done")
