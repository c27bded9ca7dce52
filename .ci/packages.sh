# Debian packages by what they are for, and how to get those that are missing.
# Sourced by quickstart, check and others; needs bash and apt.

packages_build="g++ cmake ninja-build pkgconf libssl-dev libboost1.81-dev libspdlog-dev \
libyaml-cpp-dev libp11-kit-dev libp11-dev libnghttp2-dev"
packages_demo="softhsm2 openssl curl lftp vsftpd nginx"
packages_test="$packages_demo nghttp2-client opensc libgtest-dev libgmock-dev python3 clang-format clang \
 libclang-rt-14-dev p11-kit p11-kit-modules haproxy iproute2 gnutls-bin prometheus \
 chromium-headless-shell libnss3-tools sslscan testssl.sh valgrind systemd man-db"
# Libraries of the servers that tests/matrix/servers.sh unpacks.
packages_servers="libhiredis0.14 libmemcached11 libmemcachedutil2 libpcre2-posix3 libsodium23"
# Clients of the compatibility matrix. npm comes with Node.js where that is not Debian's.
packages_matrix="python3-pycurl python3-pyftpdlib python3-openssl wget libio-socket-ssl-perl \
default-jdk-headless libcommons-net-java golang-go golang-github-jlaffaye-ftp-dev $packages_servers"
# What builds and runs the images of docker/ without a daemon.
packages_images="mmdebstrap buildah podman runc docker-compose python3-yaml iproute2"
# Peers and tools of bench/run, beside packages_build.
packages_bench="$packages_servers vsftpd nginx haproxy hitch stunnel4 nghttp2-proxy libengine-pkcs11-openssl gnuplot-nox \
valgrind softhsm2 opensc openssl python3 libgtest-dev libgmock-dev"
# What packaging/deb.sh and its test need, beside packages_build.
packages_packaging="build-essential debhelper lintian mmdebstrap iproute2"
command -v npm >/dev/null || packages_matrix="$packages_matrix nodejs npm"

# Prints those of the packages given that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
            printf '%s ' "$package"
    done
}

# Runs a command as root: as it is, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "error: '$*' needs root and there is no sudo; run it as root, then try again" >&2
        return 1
    fi
}

# Writes the lines of standard input to a file as root, with the given mode.
write_as_root() {
    as_root install -m "$1" /dev/stdin "$2"
}

# Prints the services that a package brings along and that are wanted as programs only.
services_of() {
    case "$1" in
        vsftpd | nginx | haproxy | hitch | prometheus) echo "$1" ;;
        stunnel4) echo stunnel.target ;;
        nghttp2-proxy) echo nghttpx ;;
    esac
}

# Installs what is missing, without questions. Servers are wanted as programs, not as services:
# Debian's policy hook keeps their packages from starting them, and they are disabled for the next
# boot if it was we who installed them.
install_packages() {
    local missing policy=/usr/sbin/policy-rc.d made_policy=no status=0 package service
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    echo "installing: $missing"
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | write_as_root 755 "$policy"
        made_policy=yes
    fi
    # shellcheck disable=SC2086 # a list of words
    as_root apt-get -qq update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
            -o Dpkg::Use-Pty=0 -o APT::Color=0 $missing >/dev/null || status=$?
    [ "$made_policy" = no ] || as_root rm -f "$policy"
    [ "$status" -eq 0 ] || return "$status"
    if [ -d /run/systemd/system ]; then
        for package in $missing; do
            for service in $(services_of "$package"); do
                as_root systemctl --quiet disable "$service"
            done
        done
    fi
}
