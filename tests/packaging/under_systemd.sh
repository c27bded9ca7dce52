#!/bin/bash
# The unit under a real systemd, which is told of start, reload, upgrade, life and stop: a user's
# manager, in cgroups and a mount namespace of its own, since this machine may have no other.
# Usage: under_systemd.sh HSMFRONT UNIT. Exit code 77: no manager can run here.
set -euo pipefail

program=$(realpath "$1") unit=$2
manager=/lib/systemd/systemd
[ "$(id -u)" = 0 ] && [ -x "$manager" ] || exit 77

dir=$(mktemp -d /tmp/hsmfront-systemd.XXXXXX)
groups=()
for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [ -w "$hierarchy/cgroup.procs" ] && mkdir "$hierarchy/${dir##*/}" 2>/dev/null; then
        groups+=("$hierarchy/${dir##*/}")
    fi
done
export XDG_RUNTIME_DIR=$dir/run XDG_CONFIG_HOME=$dir/config manager

clean_up() {
    if [ -n "${manager_pid:-}" ]; then
        systemctl --user exit 2>/dev/null || kill "$manager_pid" 2>/dev/null || true
        wait "$manager_pid" 2>/dev/null || true
    fi
    for group in "${groups[@]}"; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    rm -rf "$dir"
}
trap clean_up EXIT
[ ${#groups[@]} -gt 0 ] || exit 77

fail() {
    echo "$*" >&2
    cat "$dir/manager.log" >&2
    exit 1
}

# eventually COMMAND...: within 20 s.
eventually() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}

mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME/systemd/user" "$dir/certs"
chmod 700 "$XDG_RUNTIME_DIR"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$dir/certs/a.key" -out "$dir/certs/a.pem" 2>/dev/null
cat >"$dir/hsmfront.yaml" <<END
certificates: $dir/certs
ftp: { enabled: false }
http:
  enabled: true
  hsm: { enabled: false }
  alias: a
  listen: [{ address: 127.0.0.1, port: $port }]
  backend: { address: 127.0.0.1, port: 1 }
admin: { socket: $dir/admin.sock }
END
# What is between systemd and the service; a user's manager can set neither users nor rights.
{
    echo '[Service]'
    grep -E '^(Type|NotifyAccess|ExecStart|ExecReload|Restart|RestartSec)=' "$unit" |
        sed "s|/usr/bin/hsmfront|$program|; s|/etc/hsmfront/hsmfront.yaml|$dir/hsmfront.yaml|; s|^RestartSec=.*|RestartSec=0|"
    echo 'WatchdogSec=2s'
} >"$XDG_CONFIG_HOME/systemd/user/hsmfront.service"
printf '[Socket]\nListenStream=127.0.0.1:%s\n' "$port" >"$XDG_CONFIG_HOME/systemd/user/hsmfront.socket"

# shellcheck disable=SC2016 # for the shell inside
unshare -m bash -c '
    for group in "$@"; do echo $$ >"$group/cgroup.procs"; done
    mkdir -p /run/systemd
    mount -t tmpfs tmpfs /run/systemd
    mkdir /run/systemd/system
    unset DBUS_SESSION_BUS_ADDRESS
    exec env SYSTEMD_LOG_TARGET=console "$manager" --user --unit=basic.target' bash "${groups[@]}" \
    >"$dir/manager.log" 2>&1 &
manager_pid=$!
eventually systemctl --user show-environment >"$dir/environment" 2>&1 || {
    cat "$dir/manager.log"
    exit 77
}

serves() { [ "$(curl -sk -o /dev/null -w '%{http_code}' "https://127.0.0.1:$port/")" = 502 ]; }
main_pid() { systemctl --user show hsmfront -p MainPID --value; }
is_another() { [ "$(main_pid)" != "$1" ] && [ "$(main_pid)" != 0 ] && serves; }
restarts() { systemctl --user show hsmfront -p NRestarts --value; }

systemctl --user start hsmfront || fail "it does not start"
serves || fail "it is started, and does not serve"
systemctl --user reload hsmfront || fail "it does not reload"

first=$(main_pid)
"$program" upgrade -c "$dir/hsmfront.yaml" || fail "no upgrade"
is_another "$first" || fail "systemd was not told of the new process"
second=$(main_pid)
systemctl --user kill -s USR2 --kill-who=main hsmfront
eventually is_another "$second" || fail "no upgrade by the signal"
third=$(main_pid)
sleep 5 # longer than the watchdog waits
[ "$(main_pid) $(restarts)" = "$third 0" ] || fail "the watchdog has bitten"

kill -9 "$third"
eventually is_another "$third" || fail "a killed one that had taken over is not restarted"
[ "$(restarts)" = 1 ] || fail "systemd did not see its end"
systemctl --user stop hsmfront
[ "$(systemctl --user show hsmfront -p Result --value)" = success ] || fail "it did not stop well"

systemctl --user start hsmfront.socket
serves || fail "its socket does not start it"
fourth=$(main_pid)
"$program" upgrade -c "$dir/hsmfront.yaml" || fail "no upgrade with systemd's socket"
is_another "$fourth" || fail "systemd was not told of the new process, with its socket"
systemctl --user stop hsmfront.service hsmfront.socket
