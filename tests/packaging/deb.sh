#!/bin/bash
# The Debian package in a bare Debian 12: installed by apt, serving HTTPS with a key in a token,
# removed, purged. Needs root and the network. Keeps the bare system and the build in .cache/deb.
# Usage: deb.sh [PACKAGE]; without it, the package of this tree is built.
set -euo pipefail

source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/.ci/packages.sh"
# shellcheck disable=SC2086 # a list of words
install_packages $packages_packaging
cache=$source/.cache/deb
work=$(mktemp -d)
trap 'as_root rm -rf "$work"' EXIT
say() { echo "== $*"; }

mkdir -p "$cache"
package=${1:-}
if [ -z "$package" ]; then
    say "building the package"
    "$source/packaging/deb.sh" "$cache" >"$work/build.log" 2>&1 || {
        tail -n 100 "$work/build.log"
        exit 1
    }
    package=$(ls "$cache"/hsmfront_*.deb)
fi
say "lintian"
lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$package"

# The ways to Debian's archive that this machine is set up with.
apt-config dump Acquire >"$work/apt.conf"
if [ ! -e "$cache/bookworm.tar" ]; then
    say "making a bare Debian 12"
    as_root mmdebstrap --quiet --variant=minbase --aptopt="$work/apt.conf" bookworm "$work/bookworm.tar"
    mv "$work/bookworm.tar" "$cache/bookworm.tar"
fi
root=$work/root
as_root mkdir "$root"
as_root tar --extract --directory "$root" --file "$cache/bookworm.tar"
as_root cp -L /etc/resolv.conf "$root/etc/resolv.conf"
as_root cp "$work/apt.conf" "$root/etc/apt/apt.conf.d/99outside"
as_root cp "$package" "$source/tests/packaging/in_bare_system.sh" "$root/srv/"
printf '#!/bin/sh\nexit 101\n' | write_as_root 755 "$root/usr/sbin/policy-rc.d"

# in_root [--net] COMMAND...: in the bare system, with processes of its own, or a network as well.
in_root() {
    local net=()
    if [ "$1" = --net ]; then
        net=(--net)
        shift
    fi
    # shellcheck disable=SC2016 # for the inner shell
    as_root unshare --mount --pid --fork --kill-child "${net[@]}" bash -euc '
        root=$1
        shift
        ip link set lo up 2>/dev/null || true
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            chroot "$root" "$@"' - "$root" "$@"
}

quietly() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log"
        return 1
    }
}

apt="apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0"
say "installing"
quietly in_root apt-get -qq update
# shellcheck disable=SC2086 # words
quietly in_root $apt install "/srv/${package##*/}" softhsm2 openssl curl
version=$(dpkg-deb --field "$package" Version)
say "using"
in_root --net bash /srv/in_bare_system.sh "$version"

say "removing"
# shellcheck disable=SC2086 # words
quietly in_root $apt remove hsmfront
[ ! -e "$root/usr/bin/hsmfront" ]
[ -e "$root/etc/hsmfront/hsmfront.yaml" ]
[ -e "$root/etc/hsmfront/certs/httpd.pem" ]
say "purging"
# shellcheck disable=SC2086 # words
quietly in_root $apt purge hsmfront
rm -r "$root"/srv/*
left=$(in_root find / -xdev \( -path /proc -o -path /dev \) -prune -o \
    \( -name '*hsmfront*' -o -name '*hsm-pin*' -o -user hsmfront -o -group hsmfront \) -print)
if [ -n "$left" ]; then
    printf 'left behind:\n%s\n' "$left" >&2
    exit 1
fi
# Only the user stays, as Debian wants it: its number must not become another's.
in_root getent passwd hsmfront
say "nothing is left but the user"
