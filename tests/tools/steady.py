"""Established connections that must not notice an outage of the HSM.

    steady.py FTP-PORT HTTPS-PORT CA STOP-FILE

An upload (steady.bin) and a download (big.bin) over FTPS, both slow, and two kept-alive HTTPS
connections that ask for /small every 10 ms, until STOP-FILE exists. Meanwhile two threads make full
HTTPS handshakes, fast while they succeed, about 20 a second each while they are refused. Prints
"ready" once all of it runs; at the end one "name=value" a line; what broke goes to standard error,
exit code 1.
"""
import ftplib
import hashlib
import http.client
import os
import random
import ssl
import sys
import threading
import time
import traceback

ftp_port, https_port, ca, stop_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
CHUNK, PAUSE = 16384, 0.02
results, broken, running = {}, [], threading.Semaphore(0)


def stopped():
    return os.path.exists(stop_file)


class ResumingFtp(ftplib.FTP_TLS):
    """Data connections resume the control connection's session, as most clients do."""

    def ntransfercmd(self, cmd, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        wrapped = self.context.wrap_socket(
            connection, server_hostname=self.host, session=self.sock.session)
        return wrapped, size


def login():
    ftp = ResumingFtp(context=ssl.create_default_context(cafile=ca), timeout=30)
    ftp.connect("localhost", ftp_port)
    ftp.login("ftp", "secret")
    ftp.prot_p()
    ftp.voidcmd("TYPE I")
    return ftp


def upload():
    ftp, digest, size = login(), hashlib.sha256(), 0
    data, _ = ftp.ntransfercmd("STOR steady.bin")
    running.release()
    while not stopped():
        piece = random.randbytes(CHUNK)
        data.sendall(piece)
        digest.update(piece)
        size += len(piece)
        time.sleep(PAUSE)
    data.unwrap()
    data.close()
    ftp.voidresp()
    ftp.quit()
    results["uploaded"], results["upload_sha256"] = size, digest.hexdigest()


def download():
    ftp, digest, size = login(), hashlib.sha256(), 0
    data, _ = ftp.ntransfercmd("RETR big.bin")
    running.release()
    while piece := data.recv(CHUNK):
        digest.update(piece)
        size += len(piece)
        if not stopped():
            time.sleep(PAUSE)
            results["slow"] = size
    data.unwrap()
    data.close()
    ftp.voidresp()
    ftp.quit()
    results["downloaded"], results["download_sha256"] = size, digest.hexdigest()


def requests(number):
    context = ssl.create_default_context(cafile=ca)
    connection = http.client.HTTPSConnection("localhost", https_port, context=context, timeout=30)
    connection.connect()
    first_socket, count = connection.sock, 0
    running.release()
    while not stopped():
        connection.request("GET", "/small")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read() == b"small", answer.status
        assert connection.sock is first_socket, "the connection was closed after an answer"
        count += 1
        time.sleep(0.01)
    connection.close()
    results[f"requests{number}"] = count


def handshakes(number):
    good = bad = 0
    while not stopped():
        context = ssl.create_default_context(cafile=ca)
        connection = http.client.HTTPSConnection(
            "localhost", https_port, context=context, timeout=30)
        try:
            connection.connect()
            good += 1
        except OSError:
            bad += 1
            time.sleep(0.04)
        connection.close()
        time.sleep(0.01)
    results[f"handshakes{number}"], results[f"refused{number}"] = good, bad


def watched(work, *arguments):
    try:
        work(*arguments)
    except Exception:
        broken.append(f"{work.__name__}: {traceback.format_exc()}")
        running.release()


established = [(upload,), (download,), (requests, 1), (requests, 2)]
threads = [threading.Thread(target=watched, args=one) for one in established]
for thread in threads:
    thread.start()
for _ in established:
    running.acquire()
load = [threading.Thread(target=watched, args=(handshakes, number)) for number in (1, 2)]
for thread in load:
    thread.start()
print("ready", flush=True)
for thread in threads + load:
    thread.join()
for name, value in sorted(results.items()):
    print(f"{name}={value}")
for one in broken:
    print(one, file=sys.stderr)
sys.exit(1 if broken else 0)
