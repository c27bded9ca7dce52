"""hsmfront before an FTP server, explicit FTPS. `case.backend` is "idle_ftp" or a port."""
import lab as bench

PROGRAM = None


def can(case):
    return True


def start(lab, case):
    port, = bench.free_ports(1)
    token = case.store == "token"
    backend = lab.idle_ftp_backend() if case.backend == "idle_ftp" else case.backend
    config = lab.fill(
        "hsmfront_ftps.yaml", f"hsmfront_ftps-{port}.yaml", port=port, backend=backend, key=case.key,
        token=str(token).lower(), module=bench.MODULE, pin=bench.PIN, workers=case.workers,
        certificates=lab.material / ("certs" if token else "files"))
    return lab.start_target("hsmfront_ftps", lab.hsmfront, "serve", "-c", config, port=port,
                            says="protocol ftp is up", environment=lab.token_environment)
