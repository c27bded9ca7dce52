"""Keep-alive clients that ask without a pause: http_load.py METHOD URL CA STOP CLIENTS BODY

They do so until the file STOP exists, for five minutes at most. BODY is the size of each request's
content. Prints as JSON how often each status came, "cut" for
responses that broke off after their head, and "none" for requests without any.
"""
import collections
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse


def ask(connection, method, path, body):
    """What became of one request."""
    try:
        connection.request(method, path, body=body)
        response = connection.getresponse()
    except (OSError, http.client.HTTPException):
        connection.close()
        return "none"
    try:
        response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return "cut"
    return str(response.status)


def client(method, url, context, stop, body, seen):
    connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=20, context=context)
    until = time.monotonic() + 300
    while not os.path.exists(stop) and time.monotonic() < until:
        seen[ask(connection, method, url.path, body)] += 1


def main():
    method, url, ca, stop, clients, size = sys.argv[1:]
    context = ssl.create_default_context(cafile=ca)
    body = b"x" * int(size) if int(size) else None
    counts = [collections.Counter() for _ in range(int(clients))]
    threads = [
        threading.Thread(
            target=client, args=(method, urllib.parse.urlsplit(url), context, stop, body, count)
        )
        for count in counts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(sum(counts, collections.Counter())))


main()
