"""The images, built and run as docker/compose.yaml says: images_test.py DIRECTORY [BINARY]

Without BINARY the program is compiled in the image's own build stage, and nothing more is tried.
Exit code 77 where tools or permissions are missing.
"""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import yaml

from engine import BINARY, SOURCE, Engine, Failed, compose, missing_tools, options_of, run

TARGETS = {"hsmfront-demo": "demo", "hsmfront-demo-backends": "demo-backends"}
USER = "10001:10001"
FTP, FTPS, HTTPS = 8021, 8990, 8443


def eventually(condition, limit=60):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


class Files(unittest.TestCase):
    def test_docker_compose_takes_every_combination(self):
        ports, nodes, nshield = (f"compose.{name}.yaml" for name in ("ports", "two-nodes", "nshield"))
        for files in ([], [ports], [nshield], [nshield, ports], [nodes]):
            self.assertIn("hsmfront", compose("compose.yaml", *files)["services"])

    def test_two_nodes_differ_in_what_they_must_and_nothing_else(self):
        services = compose("compose.yaml", "compose.two-nodes.yaml")["services"]
        one, two = services["hsmfront"], services["hsmfront2"]
        one.pop("build")
        slices = [node["environment"].pop("PASSIVE_PORTS") for node in (one, two)]
        self.assertEqual(slices, ["50000-50099", "50100-50199"])
        addresses = [node["networks"].pop("balanced")["ipv4_address"] for node in (one, two)]
        self.assertEqual(list(services["haproxy"]["environment"].values()), addresses)
        self.assertEqual(one, two)

    def test_kubernetes_manifests_are_well_formed(self):
        files = sorted((SOURCE / "docker/kubernetes").glob("*.yaml"))
        self.assertTrue(files)
        for file in [*files, SOURCE / "docker/kustomization.yaml"]:
            for document in yaml.safe_load_all(file.read_text()):
                self.assertIn("kind", document, file)


class Demo(unittest.TestCase):
    """The whole demo in one network of its own: its services find each other on loopback."""

    @classmethod
    def setUpClass(cls):
        cls.services = compose("compose.yaml")["services"]
        cls.network = f"hsmfront-demo{os.getpid()}"
        cls.names = []
        run(["ip", "netns", "add", cls.network])
        cls.addClassCleanup(cls.tear_down)
        run(["ip", "-n", cls.network, "link", "set", "lo", "up"])
        cls.engine.podman("volume", "rm", "--force", "state", "ftp")
        cls.start("keys", wait=True)
        for name in ("vsftpd", "nginx", "hsmfront"):
            cls.start(name)
        cls.ca = cls.engine.directory / "ca.pem"
        cls.ca.write_text(cls.read("/var/lib/hsmfront/public/ca.pem"))
        cls.login = "ftp:" + cls.read("/var/lib/hsmfront/public/password").strip()

    @classmethod
    def tear_down(cls):
        for name in cls.names:
            cls.engine.podman("rm", "--force", "--time", "1", name, check=False)
        run(["ip", "netns", "del", cls.network])

    @classmethod
    def start(cls, name, wait=False):
        service = cls.services[name]
        words = ["run", "--name", name, "--network", f"ns:/run/netns/{cls.network}"]
        for other in ("vsftpd", "nginx"):
            words += ["--add-host", f"{other}:127.0.0.1"]
        words += [] if wait else ["--detach"]
        cls.engine.podman("rm", "--force", "--ignore", name)
        cls.names.append(name)
        cls.engine.podman(*words, *options_of(service), TARGETS[service["image"]],
                          *service.get("command") or [])

    @classmethod
    def read(cls, path):
        return cls.engine.podman("exec", "hsmfront", "cat", path).stdout

    def curl(self, *words, check=True):
        inside = ["ip", "netns", "exec", self.network]
        return run([*inside, *self.curl_words(*words)], check=check)

    def curl_words(self, *words):
        return ["curl", "-sS", "--fail", "--cacert", self.ca, "--user", self.login, *words]

    def health(self, name="hsmfront"):
        return self.engine.podman("healthcheck", "run", name, check=False).returncode

    def await_healthy(self):
        self.assertTrue(eventually(lambda: self.health() == 0), self.logs())

    def logs(self):
        return self.engine.podman("logs", "hsmfront", check=False).stderr

    def test_image_says_what_it_is(self):
        config = self.engine.inspect("image", "localhost/hsmfront")["Config"]
        self.assertEqual(config["User"], USER)
        self.assertEqual(config["StopSignal"], "SIGTERM")
        self.assertEqual(config["Entrypoint"], ["/usr/local/bin/hsmfront"])
        self.assertEqual(config["Labels"]["org.opencontainers.image.version"], "1.2.3")
        self.assertEqual(config["Labels"]["org.opencontainers.image.title"], "hsmfront")

    def test_service_is_confined(self):
        self.await_healthy()
        status = self.read("/proc/1/status")
        self.assertIn("Uid:\t10001\t10001\t10001\t10001", status)
        self.assertIn("CapEff:\t0000000000000000", status)
        self.assertIn("NoNewPrivs:\t1", status)
        touched = self.engine.podman("exec", "hsmfront", "touch", "/usr/new", check=False)
        self.assertIn("Read-only file system", touched.stderr)

    def test_health_is_the_services_own_word(self):
        self.await_healthy()
        said = self.engine.podman("exec", "hsmfront", "hsmfront", "healthcheck")
        self.assertEqual(said.stdout.strip(), "ready: yes")
        alone = self.engine.podman(
            "run", "--rm", "--network", "none", *options_of(self.services["keys"]), "--entrypoint",
            '["/usr/local/bin/hsmfront", "healthcheck"]', "demo", check=False)
        self.assertEqual(alone.returncode, 1, alone.stderr)
        self.assertIn("is the service running", alone.stderr)

    def test_https_and_ftps_are_served(self):
        self.await_healthy()
        self.assertEqual(self.curl(f"https://localhost:{HTTPS}/").stdout, "served by nginx\n")
        whoami = self.curl(f"https://localhost:{HTTPS}/whoami").stdout
        self.assertEqual(whoami, "for=127.0.0.1 proto=https\n")
        sample = self.engine.directory / "sample"
        sample.write_bytes(os.urandom(1_000_000))
        for url in (f"ftp://localhost:{FTP}/", f"ftps://localhost:{FTPS}/"):
            for mode in ("--ftp-pasv", "--disable-epsv"):
                self.curl("--ssl-reqd", mode, "-T", sample, f"{url}up.bin")
                back = self.engine.directory / "back"
                self.curl("--ssl-reqd", mode, "-o", back, f"{url}up.bin")
                self.assertEqual(back.read_bytes(), sample.read_bytes())

    def test_stop_drains(self):
        self.await_healthy()
        large = self.engine.directory / "large"
        large.write_bytes(os.urandom(24_000_000))
        self.curl("--ssl-reqd", "-T", large, f"ftp://localhost:{FTP}/large")
        back = self.engine.directory / "large.back"
        back.unlink(missing_ok=True)
        words = self.curl_words("--ssl-reqd", "--limit-rate", "4M", "-o", back,
                                f"ftp://localhost:{FTP}/large")
        with subprocess.Popen(["ip", "netns", "exec", self.network, *map(str, words)]) as curl:
            self.assertTrue(eventually(lambda: back.exists() and back.stat().st_size > 1_000_000))
            self.engine.podman("stop", "--time", "60", "hsmfront")
            self.assertEqual(curl.wait(60), 0)
        self.assertEqual(back.read_bytes(), large.read_bytes())
        self.assertEqual(self.engine.inspect("container", "hsmfront")["State"]["ExitCode"], 0, self.logs())
        self.assertNotEqual(self.health(), 0)
        self.engine.podman("start", "hsmfront")
        self.await_healthy()


def build(engine, binary):
    engine.make_base()
    if not binary:
        engine.build("build")
        return
    engine.make_binary(binary)
    for target in ("hsmfront", "demo", "demo-backends"):
        engine.build(target, f"BINARY={BINARY}", "VERSION=1.2.3")


def main():
    directory = pathlib.Path(sys.argv[1])
    binary = sys.argv[2] if len(sys.argv) > 2 else None
    if os.geteuid() != 0 or missing_tools():
        print("skipped: needs root and", *missing_tools())
        sys.exit(77)
    directory.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    Demo.engine = Engine(directory)
    try:
        build(Demo.engine, binary)
    except Failed as failure:
        sys.exit(str(failure))
    if binary:
        unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
