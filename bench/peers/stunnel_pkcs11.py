"""stunnel with OpenSSL's PKCS#11 engine, its key in the SoftHSM token; a thread for each connection."""
import lab as bench

PROGRAM = "stunnel4"


def can(case):
    return case.store == "token" and case.http == "1.1"


def start(lab, case):
    port, = bench.free_ports(1)
    environment = dict(lab.token_environment)
    module = lab.shim(case.latency_ms, environment) if case.latency_ms else bench.MODULE
    config = lab.fill("stunnel_pkcs11.conf", f"stunnel_pkcs11-{port}.conf", port=port,
                      backend=lab.http_backend(case), module=module, pin=bench.PIN, key=case.key,
                      certificate=lab.material / "certs" / f"{case.key}.pem")
    return lab.start_target("stunnel_pkcs11", "stunnel4", config, port=port, environment=environment)
