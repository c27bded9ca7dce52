"""hsmfront before an FTP server, explicit FTPS."""
import ftp_servers
import lab as bench

PROGRAM = None


def can(case):
    return True


def start(lab, case):
    port, = bench.free_ports(1)
    token = case.store == "token"
    config = lab.fill(
        "hsmfront_ftps.yaml", f"hsmfront_ftps-{port}.yaml", port=port,
        backend=ftp_servers.backend(lab, case), key=case.key, token=str(token).lower(),
        module=bench.MODULE, pin=bench.PIN, workers=case.workers,
        certificates=lab.material / ("certs" if token else "files"))
    return ftp_servers.await_tls(lab.start_target(
        "hsmfront_ftps", lab.hsmfront, "serve", "-c", config, port=port,
        environment=lab.token_environment))
