"""stunnel, which ends TLS with a thread for each connection and passes bytes on."""
import lab as bench

PROGRAM = "stunnel4"


def can(case):
    return case.store == "file" and case.http == "1.1"


def start(lab, case):
    port, = bench.free_ports(1)
    config = lab.fill("stunnel.conf", f"stunnel-{port}.conf", port=port, backend=lab.http_backend(case),
                      pair=lab.pair(case.key))
    return lab.start_target("stunnel", "stunnel4", config, port=port)
