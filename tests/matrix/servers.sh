#!/bin/bash
# Unpacks ProFTPD, its mod_proxy and Pure-FTPd, which as packages exclude vsftpd: servers.sh [DIR]
# DIR/servers is .cache/matrix/servers unless given. What is there stays. Needs apt.
set -euo pipefail
cd "$(dirname "$0")"
. ../../.ci/packages.sh
dir=${1:-$PWD/../../.cache/matrix}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
packages="proftpd-core proftpd-mod-crypto proftpd-mod-proxy pure-ftpd"
[ "$(cat "$dir/servers/packages" 2>/dev/null)" != "$packages" ] || exit 0

fresh=$dir/servers.new
rm -rf "$fresh"
mkdir -p "$fresh/downloads"
(
    cd "$fresh/downloads"
    # shellcheck disable=SC2086 # a list of words
    download() { apt-get -qq download $packages; }
    download || { as_root apt-get -qq update && download; }
)
for package in "$fresh"/downloads/*.deb; do
    dpkg -x "$package" "$fresh"
done
rm -rf "$dir/servers" "$fresh/downloads"
echo "$packages" >"$fresh/packages"
mv "$fresh" "$dir/servers"
