"""Hitch, which ends TLS and passes bytes on; its key is in a file."""
import getpass
import os

import lab as bench

PROGRAM = "hitch"


def can(case):
    return case.store == "file" and case.http == "1.1"


def start(lab, case):
    port, = bench.free_ports(1)
    config = lab.fill("hitch.conf", f"hitch-{port}.conf", port=port, backend=lab.http_backend(case),
                      pair=lab.pair(case.key), workers=case.workers,
                      # Hitch refuses to work as root.
                      user="nobody" if os.getuid() == 0 else getpass.getuser())
    return lab.start_target("hitch", "hitch", f"--config={config}", port=port)
