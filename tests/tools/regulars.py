"""Clients whose requests and transfers follow one another and are never repeated.

    regulars.py FTP-PORT HTTPS-PORT CA STOP-FILE

Until STOP-FILE exists: HTTPS on kept-alive connections (a new one only after an answer that said it
was the last), HTTPS with a connection for each request, HTTP/2 by curl, FTPS transfers on control
connections that are kept for twenty of them, and with one for each. Contents are compared. Prints
"ready" when each has done its first; at the end one "name=value" a line; what failed goes to
standard error, exit code 1.
"""
import ftplib
import http.client
import io
import os
import random
import ssl
import subprocess
import sys
import threading
import time
import traceback

ftp_port, https_port, ca, stop_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
counts, broken, begun = {}, [], threading.Semaphore(0)


def stopped():
    return os.path.exists(stop_file)


def https():
    context = ssl.create_default_context(cafile=ca)
    return http.client.HTTPSConnection("localhost", https_port, context=context, timeout=60)


def ask(connection):
    connection.request("GET", "/small")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read() == b"small", answer.status
    time.sleep(0.005)
    return answer


def kept_requests(done):
    connection = https()
    while not stopped():
        if ask(connection).will_close:
            connection.close()
            connection = https()
        done()
    connection.close()


def single_requests(done):
    while not stopped():
        connection = https()
        ask(connection)
        connection.close()
        done()


def http2_requests(done):
    url = f"https://localhost:{https_port}/small"
    command = ["curl", "-sS", "--fail", "--http2", "--cacert", ca] + [url] * 20
    while not stopped():
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0 and result.stdout == "small" * 20, result
        done()


def login():
    ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=ca), timeout=60)
    ftp.connect("localhost", ftp_port)
    ftp.login("ftp", "secret")
    ftp.prot_p()
    return ftp


def there_and_back(ftp, name):
    content, received = random.randbytes(random.randrange(1, 300_000)), io.BytesIO()
    ftp.storbinary(f"STOR {name}", io.BytesIO(content))
    ftp.retrbinary(f"RETR {name}", received.write)
    assert received.getvalue() == content, "what came back is something else"


def transfers(each, name, done):
    while not stopped():
        ftp = login()
        for _ in range(each):
            there_and_back(ftp, name)
            done()
            if stopped():
                break
        ftp.quit()


def watched(name, work, *arguments):
    counts[name] = 0

    def done():
        counts[name] += 1
        if counts[name] == 1:
            begun.release()

    try:
        work(*arguments, done)
    except Exception:
        broken.append(f"{name} after {counts[name]}: {traceback.format_exc()}")
        begun.release()


clients = [
    ("kept_requests", kept_requests),
    ("more_kept_requests", kept_requests),
    ("single_requests", single_requests),
    ("http2_requests", http2_requests),
    ("kept_transfers", transfers, 20, "kept.bin"),
    ("single_transfers", transfers, 1, "single.bin"),
]
threads = [threading.Thread(target=watched, args=one) for one in clients]
for thread in threads:
    thread.start()
for _ in threads:
    begun.acquire()
print("ready", flush=True)
for thread in threads:
    thread.join()
for name, value in counts.items():
    print(f"{name}={value}")
for one in broken:
    print(one, file=sys.stderr)
sys.exit(1 if broken else 0)
