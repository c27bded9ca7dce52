"""hsmfront, as built here."""
import lab as bench

PROGRAM = None


def can(case):
    return True


def start(lab, case):
    port, = bench.free_ports(1)
    token = case.store == "token"
    environment = dict(lab.token_environment)
    module = bench.MODULE
    if case.latency_ms:
        module = lab.shim(case.latency_ms, environment)
    config = lab.fill(
        "hsmfront.yaml", f"hsmfront-{port}.yaml", port=port, backend=lab.http_backend(case),
        key=case.key, token=str(token).lower(), module=module, pin=bench.PIN, workers=case.workers,
        certificates=lab.material / ("certs" if token else "files"))
    return lab.start_target("hsmfront", lab.hsmfront, "serve", "-c", config, port=port,
                            environment=environment)
