"""Hitch, which ends TLS and passes bytes on; its key is in a file."""
import lab as bench

PROGRAM = "hitch"


def can(case):
    return case.store == "file" and case.http == "1.1"


def start(lab, case):
    port, = bench.free_ports(1)
    config = lab.fill("hitch.conf", f"hitch-{port}.conf", port=port, backend=lab.http_backend(),
                      pair=lab.pair(case.key), workers=case.workers)
    return lab.start_target("hitch", "hitch", f"--config={config}", port=port)
