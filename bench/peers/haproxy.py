"""HAProxy, its key in a file."""
import lab as bench

PROGRAM = "haproxy"


def can(case):
    return case.store == "file"


def start(lab, case):
    port, = bench.free_ports(1)
    config = lab.fill("haproxy.cfg", f"haproxy-{port}.cfg", port=port, backend=lab.http_backend(case),
                      pair=lab.pair(case.key), workers=case.workers)
    return lab.start_target("haproxy", "haproxy", "-db", "-f", config, port=port)
