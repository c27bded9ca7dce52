"""Hosts of their own, as network namespaces on one bridge:

client    10.77.1.2, 10.77.1.3            reaches the balancer only
balancer  10.77.1.1, 10.77.2.1            HAProxy with docker/haproxy/haproxy.cfg as it stands
node1     10.77.2.11                      hsmfront
node2     10.77.2.12                      hsmfront
backend   10.77.2.20                      vsftpd and nginx
stranger  10.77.1.66, 10.77.2.66          reaches the nodes past the balancer
"""
import base64
import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/matrix"))
from front import MODULE, make_material  # noqa: E402
from harness import Process  # noqa: E402

HOSTS = {
    "client": ["10.77.1.2", "10.77.1.3"],
    "balancer": ["10.77.1.1", "10.77.2.1"],
    "node1": ["10.77.2.11"],
    "node2": ["10.77.2.12"],
    "backend": ["10.77.2.20"],
    "stranger": ["10.77.1.66", "10.77.2.66"],
}
BALANCER, TRUSTED = HOSTS["balancer"]
BACKEND = HOSTS["backend"][0]
NODES = ["node1", "node2"]
SLICES = {"node1": (50000, 50099), "node2": (50100, 50199)}
EXPLICIT, IMPLICIT, HTTPS = 8021, 8990, 8443
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
ENV = {"PATH": SBIN}
CLONE_NEWNET = 0x40000000


class NotPermitted(Exception):
    """This system lets us make no network of our own."""


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True,
                          env={**os.environ, **ENV})
    if done.returncode != 0:
        raise NotPermitted(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Network:
    """The hosts of HOSTS and the bridge between them."""

    def __init__(self):
        self.prefix = f"hsmfront{os.getpid()}-"
        self.made = []
        if os.geteuid() != 0:
            raise NotPermitted("network namespaces need root")
        if not shutil.which("ip", path=SBIN):
            raise NotPermitted("there is no ip (package iproute2)")
        try:
            self.build()
        except NotPermitted:
            self.remove()
            raise

    def name(self, host):
        return self.prefix + host

    def build(self):
        switch = self.name("switch")
        for host in ["switch", *HOSTS]:
            ip("netns", "add", self.name(host))
            self.made.append(self.name(host))
            ip("-n", self.name(host), "link", "set", "lo", "up")
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        for host, addresses in HOSTS.items():
            own = self.name(host)
            ip("-n", switch, "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns",
               own)
            ip("-n", switch, "link", "set", host, "master", "bridge", "up")
            for address in addresses:
                ip("-n", own, "address", "add", f"{address}/24", "dev", "eth0")
            ip("-n", own, "link", "set", "eth0", "up")

    def remove(self):
        for name in reversed(self.made):
            subprocess.run(["ip", "netns", "del", name], capture_output=True,
                           env={**os.environ, **ENV})
        self.made = []

    @contextlib.contextmanager
    def inside(self, host):
        """This thread, and the children it starts, are on `host`."""
        with open("/proc/thread-self/ns/net") as home, \
                open(f"/run/netns/{self.name(host)}") as there:
            enter(there)
            try:
                yield
            finally:
                enter(home)

    def start(self, host, argv, output, env=None):
        with self.inside(host):
            return Process(argv, output, {**ENV, **(env or {})})

    def await_port(self, host, process, address, port):
        with self.inside(host):
            process.await_port(address, port)


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def eventually(condition, limit=20):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Backends:
    """vsftpd and nginx. `files` is what both serve."""

    def __init__(self, network, directory):
        self.files = directory / "files"
        self.files.mkdir(parents=True)
        self.vsftpd = network.start("backend", ["vsftpd", self.vsftpd_conf(directory)],
                                    directory / "vsftpd.log")
        self.nginx = network.start(
            "backend", ["nginx", "-p", directory, "-e", "stderr", "-c", self.nginx_conf(directory)],
            directory / "nginx.log")
        network.await_port("backend", self.vsftpd, BACKEND, 21)
        network.await_port("backend", self.nginx, BACKEND, 80)

    def vsftpd_conf(self, directory):
        conf = directory / "vsftpd.conf"
        conf.write_text(f"""listen=YES
listen_address={BACKEND}
listen_port=21
background=NO
run_as_launching_user=YES
ftp_username=root
local_enable=NO
anonymous_enable=YES
anon_root={self.files}
write_enable=YES
anon_upload_enable=YES
anon_other_write_enable=YES
delete_failed_uploads=YES
anon_world_readable_only=NO
allow_writeable_chroot=YES
secure_chroot_dir={directory}
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
connect_from_port_20=NO
""")
        return conf

    def nginx_conf(self, directory):
        conf = directory / "nginx.conf"
        conf.write_text(f"""daemon off;
user root;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen {BACKEND}:80;
        root {self.files};
        location = /whoami {{ return 200 "$remote_addr $http_x_forwarded_for"; }}
    }}
}}
""")
        return conf

    def stop(self):
        self.nginx.stop()
        self.vsftpd.stop()


class Node:
    """hsmfront on one host, with a token that holds the same keys as the other's."""

    def __init__(self, network, name, binary, directory, material, readyz):
        directory.mkdir()
        self.network, self.name, self.binary = network, name, binary
        self.directory, self.address = directory, HOSTS[name][0]
        self.tickets = directory / "tickets"
        shutil.copytree(material / "token", directory / "token")
        (directory / "softhsm2.conf").write_text(
            f"directories.tokendir = {directory}/token\nobjectstore.backend = file\n"
            "log.level = ERROR\n")
        first, last = SLICES[name]
        self.config = directory / "hsmfront.yaml"
        listen = f'admin: {{ listen: "{self.address}:9180", remote: true }}\n' if readyz else ""
        self.config.write_text(f"""{listen}
hsm: {{ module: {MODULE}, token: front, signers: 2, pin: {{ value: "123456" }} }}
certificates: {material}/certs
tls: {{ tickets: {{ keys: {self.tickets} }} }}
ftp:
  enabled: true
  alias: rsa
  listen:
    - {{ address: "::", port: {EXPLICIT}, tls: explicit }}
    - {{ address: "::", port: {IMPLICIT}, tls: implicit }}
  backend: {{ address: {BACKEND}, port: 21 }}
  data: {{ passive_ports: {first}-{last}, session_reuse: require }}
http:
  enabled: true
  alias: ec
  listen: [{{ address: "::", port: {HTTPS} }}]
  backend: {{ address: {BACKEND}, port: 80 }}
proxy_protocol: {{ accept_from: [{TRUSTED}] }}
log: {{ level: info }}
shutdown: {{ drain: 30s }}
""")
        self.process, self.starts = None, 0

    def write_tickets(self, keys):
        """A list as HAProxy has them: the last but one encrypts."""
        fresh = self.directory / "tickets.new"
        fresh.write_text("".join(key + "\n" for key in keys))
        fresh.chmod(0o600)
        fresh.rename(self.tickets)

    def launch(self):
        self.starts += 1
        self.process = self.network.start(
            self.name, [self.binary, "serve", "-c", self.config],
            self.directory / f"hsmfront-{self.starts}.log",
            {"SOFTHSM2_CONF": str(self.directory / "softhsm2.conf")})

    def await_up(self):
        for protocol in ("ftp", "http"):
            self.process.await_text(f"protocol {protocol} is up")

    def log(self):
        return self.process.log()

    def logged(self, text, limit=5):
        return eventually(lambda: text in self.log(), limit)


class Stage:
    """Everything up and healthy."""

    def __init__(self, binary, directory):
        self.network = Network()
        self.running = []
        try:
            self.raise_curtain(binary, directory)
        except BaseException:
            self.stop()
            raise

    def raise_curtain(self, binary, directory):
        material = make_material(directory / "material")
        self.ca = material / "ca/ca.pem"
        self.backends = Backends(self.network, directory / "backends")
        self.running.append(self.backends)
        self.files = self.backends.files
        self.readyz = knows_readyz(binary, directory)
        self.nodes = {name: Node(self.network, name, binary, directory / name, material,
                                 self.readyz) for name in NODES}
        self.tickets = [ticket_key() for _ in range(3)]
        for node in self.nodes.values():
            node.write_tickets(self.tickets)
            node.launch()
        for node in self.nodes.values():
            node.await_up()
        self.haproxy = self.start_balancer(directory / "haproxy.log")

    def start_balancer(self, output):
        env = {name.upper(): HOSTS[name][0] for name in NODES}
        if self.readyz:
            env["READYZ_PORT"] = "9180"
        balancer = self.network.start(
            "balancer", ["haproxy", "-db", "-f", SOURCE / "docker/haproxy/haproxy.cfg"], output, env)
        self.running.append(balancer)
        self.network.await_port("balancer", balancer, TRUSTED, 990)
        return balancer

    def stop(self):
        for node in getattr(self, "nodes", {}).values():
            if node.process:
                node.process.stop()
        for one in reversed(self.running):
            one.stop()
        self.network.remove()


def ticket_key():
    return base64.b64encode(os.urandom(80)).decode()


def knows_readyz(binary, directory):
    """Whether this hsmfront has the admin endpoint that haproxy.cfg can ask."""
    config = directory / "readyz.yaml"
    config.write_text('admin: { listen: "127.0.0.1:9180" }\n')
    done = subprocess.run([binary, "check", "-c", config], capture_output=True, text=True)
    return "admin" not in done.stdout + done.stderr
