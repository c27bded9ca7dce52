"""Logins over FTPS

Connect, AUTH TLS, USER, PASS, QUIT; four clients, full handshakes with TLS 1.3 and a P-256 key, in a file
or, for hsmfront, in SoftHSM. hsmfront and ProFTPD's mod_proxy leave the password to the vsftpd
behind them, whose CPU is not counted; vsftpd lets anybody in, ProFTPD and Pure-FTPd look at a hash of
the cheapest kind.
"""
import time

import ftp_servers
import lab as bench

TARGETS = ["hsmfront_ftps", "mod_proxy", "vsftpd", "proftpd", "pureftpd"]
RIVALS = ["pureftpd"]  # whom the goals name
FIGURES = {"cpu_ms": "CPU, ms per login", "rate": "logins per second", "p99_ms": "99th percentile, ms"}
SECONDS = 3
CASES = [
    bench.case("key in a file", backend="files", store="file", goal=0.3),
    bench.case("key in SoftHSM", backend="files", store="token"),
]

# For the processes of the last sessions to end and be counted.
SETTLE = 0.3


def measure(lab, target, case, seconds):
    before = target.cpu()
    figures = lab.load(target, "ftps_load", "logins", "clients=4", f"seconds={seconds}")
    ftp_servers.expect_success(target, figures)
    if before is not None:
        time.sleep(SETTLE)
        figures["cpu_s"] = target.cpu() - before
    return bench.per(figures, "cpu_ms", 1e3, "done")
