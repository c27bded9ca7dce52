"""nginx, its key in a file."""
import getpass

import lab as bench

PROGRAM = "nginx"


def can(case):
    return case.store == "file"


def start(lab, case):
    return run(lab, case, "nginx", lab.material / "files" / f"{case.key}.pem",
               lab.material / "files" / f"{case.key}.key")


def run(lab, case, name, certificate, key, environment=None):
    port, = bench.free_ports(1)
    config = lab.fill("nginx.conf", f"{name}-{port}.conf", port=port, backend=lab.http_backend(case),
                      certificate=certificate, key=key, workers=case.workers, user=getpass.getuser(),
                      directory=lab.fresh_directory(name))
    return lab.start_target(name, "nginx", "-p", lab.directory, "-e", "stderr", "-c", config,
                            port=port, environment=environment)
