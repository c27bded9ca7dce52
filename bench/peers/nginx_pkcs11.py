"""nginx with OpenSSL's PKCS#11 engine, its key in the SoftHSM token."""
import lab as bench
from peers import nginx

PROGRAM = "nginx"
ENGINE = "libengine-pkcs11-openssl"


def can(case):
    return case.store == "token"


def start(lab, case):
    environment = dict(lab.token_environment, PKCS11_MODULE_PATH=bench.MODULE)
    if case.latency_ms:
        environment["PKCS11_MODULE_PATH"] = lab.shim(case.latency_ms, environment)
    key = f"engine:pkcs11:pkcs11:token=front;object={case.key};type=private;pin-value={bench.PIN}"
    return nginx.run(lab, case, "nginx_pkcs11", lab.material / "certs" / f"{case.key}.pem",
                     f'"{key}"', environment)
