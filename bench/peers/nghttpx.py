"""nghttpx, its key in a file."""
import lab as bench

PROGRAM = "nghttpx"


def can(case):
    return case.store == "file"


def start(lab, case):
    port, = bench.free_ports(1)
    files = lab.material / "files"
    config = lab.fill("nghttpx.conf", f"nghttpx-{port}.conf", port=port, backend=lab.http_backend(case),
                      certificate=files / f"{case.key}.pem", key=files / f"{case.key}.key",
                      workers=case.workers)
    return lab.start_target("nghttpx", "nghttpx", f"--conf={config}", port=port)
