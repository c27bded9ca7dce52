"""How each client of the matrix is run; the programs are in clients/.

Each gets HOST PORT explicit|implicit 1.2|1.3 passive|active CA FILE RECEIVED off|accept|require,
logs in, uploads FILE, lists, downloads it to RECEIVED and quits. It prints a line for each step
done: upload, list, download. Its exit code is 0 when all went well; else it prints the reason.
"""
import os
import pathlib
import signal
import subprocess
import time
from typing import NamedTuple

PROGRAMS = pathlib.Path(__file__).resolve().parent / "clients"
STEPS = ("upload", "list", "download")
# The reflection trick of the Java client opens these.
OPENED = ("java.base/sun.security.ssl=ALL-UNNAMED", "java.base/sun.security.util=ALL-UNNAMED")
LIMIT = 40  # seconds for one run; each client has shorter limits of its own


def commands(cache):
    """Client to the beginning of its command line; `cache` is prepare.sh's folder."""
    java = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m"]
    for package in OPENED:
        java += ["--add-opens", package]
    return {
        "curl": ["bash", PROGRAMS / "curl.sh"],
        "curl-gnutls": ["/usr/bin/python3", PROGRAMS / "pycurl_gnutls.py"],
        "lftp": ["bash", PROGRAMS / "lftp.sh"],
        "ftplib": ["/usr/bin/python3", PROGRAMS / "ftplib_session.py"],
        "basic-ftp": ["node", PROGRAMS / "basic_ftp.js"],
        "wget": ["bash", PROGRAMS / "wget.sh"],
        "net-ftp": ["/usr/bin/perl", PROGRAMS / "net_ftp.pl"],
        "java": [*java, "-cp", f"/usr/share/java/commons-net.jar:{cache}/built", "CommonsNet"],
        "go": [cache / "built/go_ftp"],
    }


class Outcome(NamedTuple):
    passed: bool
    after: str  # the last step that was done
    reason: str
    seconds: float


def uploads(cell):
    return cell.client != "wget"


def run(cell, cache, host, port, ca, file, directory):
    """One session of the cell's client with the server at host:port."""
    received = directory / "received"
    argv = commands(cache)[cell.client] + [
        host, port, cell.security, cell.tls, cell.data, ca, file, received, cell.reuse]
    environment = {**os.environ, "NODE_PATH": str(cache / "node_modules"), "HOME": str(directory),
                   "CURL_HOME": str(directory), "LC_ALL": "C.UTF-8"}
    start = time.monotonic()
    child = subprocess.Popen([str(part) for part in argv], env=environment, cwd=directory,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = child.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        output = child.communicate()[0] + b"\nran into the time limit"
    seconds = time.monotonic() - start
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    after = next((step for step in reversed(STEPS) if step in lines), "nothing")
    reason = complaint(child.returncode, after, file, received, lines)
    return Outcome(not reason, after, reason, seconds)


def complaint(code, after, file, received, lines):
    """What is wrong with a run; "" if nothing is."""
    if code != 0:
        said = [line for line in lines if line not in STEPS]
        return " / ".join(said[-2:])[-300:] or f"exit code {code}"
    if after != "download":
        return f"ended after {after}"
    if received.read_bytes() != file.read_bytes():
        return "the file came back changed"
    return ""
