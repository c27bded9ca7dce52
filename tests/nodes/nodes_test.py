"""Two nodes behind HAProxy with docker/haproxy/haproxy.cfg, each on a host of its own.

nodes_test.py HSMFRONT DIRECTORY [CASE...]   cases as unittest names them: Through, Nodes.test_drain

Exit code 77 where the system permits no network namespaces.
"""
import hashlib
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import sys
import time
import unittest

from clients import Ftps, Load, get, say
from topology import BALANCER, EXPLICIT, HOSTS, HTTPS, NODES, SLICES, NotPermitted, Stage
from topology import eventually, ticket_key

FORGED = b"PROXY TCP4 192.0.2.77 192.0.2.78 1 2\r\n"
CLIENT, OTHER_CLIENT = HOSTS["client"]
STRANGER = HOSTS["stranger"][1]


class Nodes(unittest.TestCase):
    stage = None

    def setUp(self):
        self.network, self.ca = self.stage.network, self.stage.ca
        self.nodes = self.stage.nodes
        self.at_client()

    def at_client(self):
        host = self.network.inside("client")
        host.__enter__()
        self.addCleanup(host.__exit__, None, None, None)

    def place(self, name, size):
        """A file of random bytes at the backends. Returns its digest."""
        content = os.urandom(size)
        (self.stage.files / name).write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def digest_at_backend(self, name):
        return hashlib.sha256((self.stage.files / name).read_bytes()).hexdigest()

    def whoami(self, session=None, version=None):
        """(node, client it tells the backend, session, resumed)"""
        text, session, resumed = get("/whoami", self.ca, session, version)
        address, client = text.split()
        node = next(name for name in NODES if HOSTS[name][0] == address)
        return node, client, session, resumed

    def at_node(self, name, session=None, version=None):
        """One HTTPS connection to that node: the balancer chooses, so it may take some."""
        for _ in range(50):
            node, _, got, resumed = self.whoami(session, version)
            if node == name:
                return got, resumed
        raise AssertionError(f"the balancer never chose {name}")

    def session_at(self, name):
        """An FTPS session that is served by that node."""
        for _ in range(50):
            ftp = Ftps(self.ca)
            if ftp.node() == name:
                self.addCleanup(ftp.close)
                return ftp
            ftp.close()
        raise AssertionError(f"the balancer never chose {name}")

    def bring_back(self, node):
        """After the test, however it went."""
        node.process.stop()
        node.launch()
        node.await_up()
        self.assertTrue(eventually(lambda: self.whoami()[0] == node.name), "it gets no connections")


class Through(Nodes):
    def test_both_nodes_serve_and_know_the_client(self):
        seen = {self.whoami()[:2] for _ in range(20)}
        self.assertEqual(seen, {(name, CLIENT) for name in NODES})
        for node in self.nodes.values():
            self.assertTrue(node.logged(f" https client={CLIENT}:"))

    def test_files_go_both_ways_over_both_nodes(self):
        content = os.urandom(300_000)
        digest = hashlib.sha256(content).hexdigest()
        source = self.stage.files.parent / "sample"
        source.write_bytes(content)
        seen = set()
        for number in range(8):
            ftp = Ftps(self.ca, implicit=number % 2 == 1)
            node = ftp.node()
            seen.add((node, number % 2))
            with source.open("rb") as file:
                ftp.storbinary(f"STOR up{number}.bin", file)
            self.assertEqual(ftp.fetch(f"up{number}.bin"), digest)
            self.assertEqual(self.digest_at_backend(f"up{number}.bin"), digest)
            ftp.quit()
            transfer = rf'ftps transfer .*up{number}\.bin" .* peer={CLIENT}:.* resumed=true'
            self.assertTrue(
                eventually(lambda: re.search(transfer, self.nodes[node].log())), transfer)
        self.assertEqual({node for node, _ in seen}, set(NODES), seen)

    def test_one_address_is_advertised_with_a_slice_for_each_node(self):
        for name in NODES:
            ftp = self.session_at(name)
            first, last = SLICES[name]
            for _ in range(5):
                reply = ftp.sendcmd("PASV")
                numbers = [int(n) for n in re.search(r"\((.*)\)", reply)[1].split(",")]
                self.assertEqual(".".join(map(str, numbers[:4])), BALANCER)
                self.assertTrue(first <= numbers[4] * 256 + numbers[5] <= last, reply)

    def test_data_connections_of_others_are_refused(self):
        for name in NODES:
            self.place("wanted", 1000)
            ftp = self.session_at(name)
            ftp.voidcmd("TYPE I")
            ftp.trust_server_pasv_ipv4_address = True
            host, port = ftp.makepasv()
            ftp.putcmd("RETR wanted")
            ftp.getresp()
            # Another client through the balancer; somebody past it, at the same port of the node.
            self.assertEqual(say(OTHER_CLIENT, host, port, b"")[0], b"")
            with self.network.inside("stranger"):
                self.assertEqual(say(STRANGER, HOSTS[name][0], port, b"")[0], b"")
                self.assertEqual(say(STRANGER, HOSTS[name][0], port, FORGED)[0], b"")
                forged = f"PROXY TCP4 {CLIENT} {BALANCER} 40000 {port}\r\n".encode()
                self.assertEqual(say(STRANGER, HOSTS[name][0], port, forged)[0], b"")
            data = ftp.wrap(connect(CLIENT, host, port))
            received = read_all(data)
            data.close()
            self.assertEqual(received, (self.stage.files / "wanted").read_bytes())
            self.assertTrue(ftp.getresp().startswith("226"))
            log = self.nodes[name].log()
            self.assertIn(f"it is of {OTHER_CLIENT}:", log)
            self.assertIn("refused: it does not come through a balancer", log)

    def test_forged_headers_are_believed_of_nobody(self):
        for name in NODES:
            node = self.nodes[name]
            with self.network.inside("stranger"):
                answer, _ = say(STRANGER, node.address, HTTPS, FORGED + b"GET / HTTP/1.1\r\n\r\n")
                self.assertNotIn(b" 200 ", answer)
                answer, _ = say(STRANGER, node.address, EXPLICIT, FORGED + b"QUIT\r\n")
                self.assertTrue(answer.startswith(b"220 "), answer)
            self.assertTrue(node.logged(f" ftps client={STRANGER}:"))
        # Behind the header that the balancer writes another one is only garbage.
        for _ in range(4):
            answer, _ = say(CLIENT, BALANCER, 443, FORGED + b"GET / HTTP/1.1\r\n\r\n")
            self.assertNotIn(b" 200 ", answer)
            say(CLIENT, BALANCER, 21, FORGED + b"QUIT\r\n")
        for node in self.nodes.values():
            self.assertNotIn("192.0.2.7", node.log())


class Long(Nodes):
    def test_drained_node_finishes_its_transfers_and_nobody_is_refused(self):
        digest = self.place("large", 48_000_000)
        small = self.place("small", 10_000)
        node = self.nodes["node1"]
        self.addCleanup(self.bring_back, node)
        down, up = self.session_at("node1"), self.session_at("node1")
        download, upload = down.begin("RETR large"), up.begin("STOR large.up")
        content = (self.stage.files / "large").read_bytes()
        received = hashlib.sha256(download.recv(65536))
        upload.sendall(content[:1_000_000])
        load = Load(self.network, self.ca, "small", small)
        self.addCleanup(load.stop)
        load.go_on(5)
        node.process.child.send_signal(signal.SIGTERM)
        time.sleep(1)
        load.go_on(20)
        self.assertEqual({self.whoami()[0] for _ in range(10)}, {"node2"})
        self.assertIsNone(node.process.child.poll(), "it did not wait for its transfers")
        upload.sendall(content[1_000_000:])
        upload.unwrap()
        upload.close()
        self.assertTrue(up.getresp().startswith("226"))
        while part := download.recv(65536):
            received.update(part)
        download.unwrap()
        download.close()
        self.assertTrue(down.getresp().startswith("226"))
        self.assertEqual(received.hexdigest(), digest)
        self.assertEqual(self.digest_at_backend("large.up"), digest)
        self.assertEqual(node.process.child.wait(35), 0)
        load.go_on(5)
        load.stop()
        self.assertEqual(load.failures, [])

    def test_killed_node_costs_only_what_it_had(self):
        self.place("large", 48_000_000)
        small = self.place("small", 10_000)
        node = self.nodes["node2"]
        self.addCleanup(self.bring_back, node)
        lost, cut, kept = [self.session_at(name) for name in ("node2", "node2", "node1")]
        broken = lost.begin("RETR large")
        broken.recv(65536)
        upload = cut.begin("STOR cut.up")
        upload.sendall(bytes(1_000_000))
        self.assertTrue(eventually((self.stage.files / "cut.up").exists))
        standing = kept.begin("RETR large")
        received = standing.recv(65536)
        load = Load(self.network, self.ca, "small", small)
        self.addCleanup(load.stop)
        load.go_on(5)
        node.process.child.kill()
        node.process.child.wait()
        dead = time.monotonic()
        load.go_on(30)
        load.stop()
        self.assertEqual([one for one in load.failures if one[0] > dead], [])
        with self.assertRaises(OSError, msg="a cut download ended like a complete one"):
            while broken.recv(65536):
                pass
        self.assertTrue(eventually(lambda: not (self.stage.files / "cut.up").exists()),
                        "the backend took a cut upload for a complete one")
        received += read_all(standing)
        standing.close()
        self.assertTrue(kept.getresp().startswith("226"))
        self.assertEqual(received, (self.stage.files / "large").read_bytes())
        self.assertEqual({self.whoami()[0] for _ in range(10)}, {"node1"})

    def test_sessions_resume_at_either_node_while_ticket_keys_rotate(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                self.rotate(version)

    def rotate(self, version):
        sessions = [self.at_node(name, None, version)[0] for name in NODES]
        self.expect_resumed(sessions, version)
        self.stage.tickets.append(ticket_key())
        # The nodes get the new key one after the other, as they do in life.
        for node in self.nodes.values():
            before = node.log().count("tls.tickets.keys: read again")
            node.write_tickets(self.stage.tickets)
            self.assertTrue(eventually(
                lambda: node.log().count("tls.tickets.keys: read again") > before))
            sessions += [self.at_node(name, None, version)[0] for name in NODES]
            self.expect_resumed(sessions, version)

    def expect_resumed(self, sessions, version):
        for name in NODES:
            for number, session in enumerate(sessions):
                self.assertTrue(self.at_node(name, session, version)[1], (name, number))


def connect(source, host, port):
    return socket.create_connection((host, port), 20, (source, 0))


def read_all(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def main():
    binary, directory, *cases = sys.argv[1:]
    directory = pathlib.Path(directory)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        Nodes.stage = Stage(os.environ.get("HSMFRONT_PROGRAM") or binary, directory)
    except NotPermitted as why:
        print("skipped: no network namespaces here:", why)
        sys.exit(77)
    output = Output(directory / "report.txt")
    try:
        suite = unittest.defaultTestLoader.loadTestsFromNames(cases or ["Through", "Long"],
                                                              sys.modules[__name__])
        result = unittest.TextTestRunner(stream=output, verbosity=2).run(suite)
        if not result.wasSuccessful():
            for node in Nodes.stage.nodes.values():
                print(f"--- {node.name}\n{node.log()[-20000:]}")
            print(f"--- haproxy\n{Nodes.stage.haproxy.log()[-8000:]}")
    finally:
        Nodes.stage.stop()
    if not result.wasSuccessful():
        keep(directory)
    sys.exit(0 if result.wasSuccessful() else 1)


class Output:
    """Standard error and a file: a run that is killed at its time limit has said how far it got."""

    def __init__(self, file):
        self.file = file.open("w")

    def write(self, text):
        for one in (sys.stderr, self.file):
            one.write(text)
            one.flush()

    def flush(self):
        pass


def keep(directory):
    """Everything that a failed run left, where the next one does not remove it."""
    kept = directory.with_name(f"{directory.name}-failed")
    shutil.rmtree(kept, ignore_errors=True)
    directory.rename(kept)
    print("kept in", kept)


if __name__ == "__main__":
    main()
