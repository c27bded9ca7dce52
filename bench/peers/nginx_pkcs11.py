"""nginx with OpenSSL's PKCS#11 engine, its key in the SoftHSM token."""
import lab as bench
from peers import nginx

PROGRAM = "nginx"


def can(case):
    return case.store == "token"


def start(lab, case):
    environment = dict(lab.token_environment)
    module = lab.shim(case.latency_ms, environment) if case.latency_ms else bench.MODULE
    config = lab.fill("openssl_pkcs11.cnf", module=module, pin=bench.PIN)
    environment["OPENSSL_CONF"] = str(config)
    key = f"engine:pkcs11:pkcs11:token=front;object={case.key};type=private"
    return nginx.run(lab, case, "nginx_pkcs11", lab.material / "certs" / f"{case.key}.pem",
                     f'"{key}"', environment)
