"""Images by buildah and containers by podman, from docker/Dockerfile and docker/compose.yaml, with
storage of their own below one directory. No engine's daemon, systemd or network bridge is needed.
"""
import json
import os
import pathlib
import shutil
import subprocess

import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ["mmdebstrap", "buildah", "podman", "runc", "docker-compose", "ip"]
BASE = "localhost/hsmfront-test-base"
BINARY = "localhost/hsmfront-test-binary"
# podman would have systemd time the health checks; here they are run by hand.
ENV = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DISABLE_HC_SYSTEMD": "true"}


class Failed(Exception):
    pass


def run(argv, check=True, **options):
    done = subprocess.run([str(part) for part in argv], capture_output=True, text=True,
                          **{"env": ENV, **options})
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, argv))}: exit code {done.returncode}\n"
                     f"{done.stdout[-3000:]}{done.stderr[-6000:]}")
    return done


def compose(*files):
    """The services as docker-compose reads them; an error if it does not accept the files."""
    words = [word for file in files for word in ("-f", f"docker/{file}")]
    env = {**ENV, "HSM_TOKEN": "token", "NFAST_GID": "1000"}
    return yaml.safe_load(run(["docker-compose", *words, "config"], cwd=SOURCE, env=env).stdout)


def missing_tools():
    return [tool for tool in TOOLS if not shutil.which(tool, path=ENV["PATH"])]


class Engine:
    def __init__(self, directory):
        self.directory = directory
        storage = ["--root", directory / "storage", "--runroot", directory / "run"]
        if driver := os.environ.get("STORAGE_DRIVER"):
            storage += ["--storage-driver", driver]
        self.buildah_words = ["buildah", *storage]
        self.podman_words = ["podman", *storage, "--runtime", "runc", "--cgroup-manager",
                             "cgroupfs", "--events-backend", "file"]

    def buildah(self, *words, **options):
        return run([*self.buildah_words, *words], **options)

    def podman(self, *words, **options):
        return run([*self.podman_words, *words], **options)

    def make_base(self):
        """Debian 12, by debootstrap's younger brother; kept for the next run."""
        tar = self.directory / "base.tar"
        if not tar.exists():
            run(["mmdebstrap", "--variant=minbase", "bookworm", self.directory / "base.new.tar"])
            (self.directory / "base.new.tar").rename(tar)
        self.podman("import", "--quiet", tar, BASE)

    def make_binary(self, file):
        """An image with nothing but the program, in place of the stage that compiles it."""
        container = self.buildah("from", "scratch").stdout.strip()
        self.buildah("copy", "--chmod", "755", container, file, "/usr/local/bin/hsmfront")
        self.buildah("commit", "--rm", container, BINARY)

    def build(self, target, *arguments):
        words = ["bud", "--isolation", "chroot", "--format", "docker", "--layers",
                 "--build-arg", f"BASE_IMAGE={BASE}", "--target", target, "-t", target]
        for argument in arguments:
            words += ["--build-arg", argument]
        self.buildah(*words, "-f", "docker/Dockerfile", ".", cwd=SOURCE)

    def inspect(self, kind, name):
        return json.loads(self.podman(kind, "inspect", name).stdout)[0]


def options_of(service):
    """What docker-compose would ask of the engine, in podman's words."""
    words = []
    if service.get("read_only"):
        words += ["--read-only", "--read-only-tmpfs=false"]
    for capability in service.get("cap_drop", []):
        words += ["--cap-drop", capability]
    for option in service.get("security_opt", []):
        words += ["--security-opt", option.replace(":true", "")]
    for name, value in service.get("environment", {}).items():
        words += ["--env", f"{name}={value}"]
    for mount in service.get("tmpfs", []):
        words += ["--tmpfs", mount]
    for volume in service.get("volumes", []):
        words += ["--volume", volume]
    if "entrypoint" in service:
        words += ["--entrypoint", json.dumps(service["entrypoint"])]
    limits = {"nofile": "20000:20000", "nproc": "4096:4096"}  # as small machines have them
    for name, limit in limits.items():
        words += ["--ulimit", f"{name}={limit}"]
    return words
