"""What an idle HTTPS connection costs the proxy: one request was answered on it, nothing since.

The backend is nginx. Memory is what belongs to the proxy alone (Private_Dirty of smaps_rollup),
before the first connection and while all stand; what the kernel holds for sockets is not in it.
nginx and HAProxy, with the certificate's key in a file, are measured the same way where they are
installed.
"""
import itertools
import os
import subprocess
import time

import lab as bench

TITLES = {"proxy": "proxy", "connections": "connections", "key": "key", "tls": "TLS",
          "http": "HTTP", "private_before": "before", "private_held": "held", "private_after": "after",
          "kib_each": "KiB each"}


def arguments(parser):
    parser.add_argument("--connections", type=int, nargs="+", default=[10000])
    parser.add_argument("--proxies", nargs="+", default=list(PROXIES), choices=PROXIES)
    parser.add_argument("--keys", nargs="+", default=["ec"], choices=["rsa", "ec"])
    parser.add_argument("--http", nargs="+", default=list(MODES), choices=MODES)
    parser.add_argument("--tls", nargs="+", default=["1.2", "1.3"], choices=["1.2", "1.3"])


MODES = {"1.1": "https", "2": "h2"}  # of idle_sessions


def start_backend(lab, port):
    config = lab.directory / "backend.conf"
    config.write_text(f"""
daemon off; master_process off; pid {lab.directory}/backend.pid;
worker_rlimit_nofile 65536;
events {{ worker_connections 40000; }}
http {{ access_log off; keepalive_requests 1000000;
server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 204; }} }} }}
""")
    backend = lab.start("nginx", "-p", lab.directory, "-e", "stderr", "-c", config, log="backend.log")
    if not bench.eventually(lambda: bench.listens(port)):
        raise RuntimeError("the backend does not listen")
    return backend


def start_hsmfront(lab, port, backend_port, key):
    return lab.start_proxy(
        http=f"{{ enabled: true, alias: {key}, backend: {{ address: 127.0.0.1, port: {backend_port} }}"
             f", listen: [{{ address: 127.0.0.1, port: {port} }}], timeouts: {{ idle: 1h }} }}")


def start_nginx(lab, port, backend_port, key):
    files = lab.material / "files"
    config = lab.directory / "nginx.conf"
    config.write_text(f"""
daemon off; master_process off; pid {lab.directory}/nginx.pid;
worker_rlimit_nofile 65536;
events {{ worker_connections 40000; }}
http {{ access_log off; keepalive_timeout 1h; keepalive_requests 1000000;
upstream backend {{ server 127.0.0.1:{backend_port}; keepalive 64; }}
server {{ listen 127.0.0.1:{port} ssl http2 backlog=4096;
ssl_certificate {files}/{key}.pem; ssl_certificate_key {files}/{key}.key;
ssl_protocols TLSv1.2 TLSv1.3;
location / {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }}
}} }}
""")
    return lab.start("nginx", "-p", lab.directory, "-e", "stderr", "-c", config, log="nginx.log")


def start_haproxy(lab, port, backend_port, key):
    files = lab.material / "files"
    pair = lab.directory / f"haproxy-{key}.pem"
    pair.write_text((files / f"{key}.pem").read_text() + (files / f"{key}.key").read_text())
    config = lab.directory / "haproxy.cfg"
    config.write_text(f"""
global
  maxconn 30000
  no strict-limits
  nbthread 2
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
frontend https
  bind 127.0.0.1:{port} ssl crt {pair} alpn h2,http/1.1 ssl-min-ver TLSv1.2
  default_backend web
backend web
  server one 127.0.0.1:{backend_port}
""")
    return lab.start("haproxy", "-db", "-f", config, log="haproxy.log")


PROXIES = {"hsmfront": start_hsmfront, "nginx": start_nginx, "haproxy": start_haproxy}


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def measure(lab, proxy_name, connections, key, tls, http):
    backend_port, port = bench.free_ports(2)
    backend = start_backend(lab, backend_port)
    proxy = PROXIES[proxy_name](lab, port, backend_port, key)
    if not bench.eventually(lambda: bench.listens(port)):
        raise RuntimeError(f"{proxy_name} does not listen")
    before, quiet = bench.memory(proxy.pid), open_files(proxy.pid)
    clients = lab.start(lab.build / "bench/idle_sessions", port, connections, MODES[http], tls,
                        log="clients.log", stdout=subprocess.PIPE)
    started = time.monotonic()
    answer = clients.stdout.readline().decode().strip()
    seconds = time.monotonic() - started
    if answer != f"ready {connections}":
        raise RuntimeError(f"the connections do not stand: {answer}")
    held = bench.memory(proxy.pid)
    lab.stop(clients)
    # Connections to the backend may be kept: 64 for each worker.
    bench.eventually(lambda: open_files(proxy.pid) <= quiet + 200)
    after = bench.memory(proxy.pid)
    for child in (proxy, backend):
        lab.stop(child)
    return {
        "suite": "idle-https", "proxy": proxy_name, "connections": connections, "key": key,
        "tls": tls, "http": http, "private_before": before["Private_Dirty"],
        "private_held": held["Private_Dirty"], "private_after": after["Private_Dirty"],
        "rss_before": before["Rss"], "rss_held": held["Rss"], "opened_in_s": f"{seconds:.1f}",
        "kib_each": f"{(held['Private_Dirty'] - before['Private_Dirty']) / connections:.1f}"}


def run(lab, options):
    rows = []
    for proxy in options.proxies:
        if bench.missing_programs(proxy) and proxy != "hsmfront":
            continue
        for connections in options.connections:
            for key in options.keys:
                for tls, http in itertools.product(options.tls, options.http):
                    rows.append(measure(lab, proxy, connections, key, tls, http))
                    print("\t".join(str(value) for value in rows[-1].values()), flush=True)
    return rows, TITLES
