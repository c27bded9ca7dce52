"""hsmfront before one backend, and the keys it serves with."""
import pathlib
import re
import shutil
import subprocess
import time

from harness import PortBlock, Process

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
# Each backend with another kind of key: in the token or in a file, RSA or EC.
KEYS = {"vsftpd": ("hsm", "rsa"), "proftpd": ("hsm", "ec"),
        "pureftpd": ("file", "rsa"), "pyftpdlib": ("file", "ec")}


def make_material(directory):
    """Keys and certificates of tests/harness/make_material.sh, below `directory`."""
    made = subprocess.run([SOURCE / "tests/harness/make_material.sh", directory,
                           SOURCE / "certs/internal-ca.sh"], capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(f"make_material.sh failed: {made.stdout}{made.stderr}")
    return directory


class Front:
    """`cell` gives the settings: session_reuse and the backend's data mode."""

    def __init__(self, binary, directory, material, backend, cell):
        directory.mkdir()
        self.directory = directory
        ports = self.ports = PortBlock()
        self.explicit, self.implicit = ports.next(), ports.next()
        self.where, alias = KEYS[backend.name]
        first, last = ports.range()
        (directory / "hsmfront.yaml").write_text(f"""{self.keys(material)}
ftp:
  enabled: true
  hsm: {{ enabled: {'true' if self.where == 'hsm' else 'false'} }}
  alias: {alias}
  listen:
    - {{ address: "::", port: {self.explicit}, tls: explicit }}
    - {{ address: "::", port: {self.implicit}, tls: implicit }}
  backend: {{ address: {backend.host}, port: {backend.port} }}
  data:
    passive_ports: {first}-{last}
    session_reuse: {cell.reuse}
    backend: {cell.backend_data}
http: {{ enabled: false }}
log: {{ level: info }}
shutdown: {{ drain: 10s }}
""")
        self.process = Process([binary, "serve", "-c", directory / "hsmfront.yaml"],
                               directory / "hsmfront.log",
                               {"SOFTHSM2_CONF": str(directory / "softhsm2.conf")})

    def await_ready(self):
        self.process.await_text("protocol ftp is up")

    def keys(self, material):
        if self.where == "file":
            return f"certificates: {material}/files"
        shutil.copytree(material / "token", self.directory / "token")
        (self.directory / "softhsm2.conf").write_text(
            f"directories.tokendir = {self.directory}/token\nobjectstore.backend = file\n"
            "log.level = ERROR\n")
        return (f"hsm: {{ module: {MODULE}, token: front, signers: 2, "
                f'pin: {{ value: "123456" }} }}\ncertificates: {material}/certs')

    def port(self, cell):
        return self.explicit if cell.security == "explicit" else self.implicit

    def lines_about(self, file):
        return [line for line in self.process.log().splitlines() if file in line]

    def objection(self, cell, file, limit=5):
        """What the transfer log says against the cell: its files went with another TLS version, or
        were resumed or not against the setting. "" if nothing."""
        line = re.compile(rf'ftps transfer .* path="[^"]*{file}" .* tls=TLSv(\S+) resumed=(\w+)')
        deadline = time.monotonic() + limit  # it is written after the reply that the client saw
        while not (transfers := line.findall(self.process.log())):
            if time.monotonic() > deadline:
                return "the transfer log lacks the file"
            time.sleep(0.02)
        if any(tls != cell.tls for tls, _ in transfers):
            return f"not with TLS {cell.tls}: {transfers}"
        wrong = {"off": "true", "require": "false"}.get(cell.reuse)
        if any(resumed == wrong for _, resumed in transfers):
            return f"session_reuse {cell.reuse}, but: {transfers}"
        return ""
