#!/bin/bash
# Fetches what the compatibility matrix needs beside Debian's packages: prepare.sh [DIR]
#   DIR/servers       ProFTPD and Pure-FTPd, unpacked: as packages they exclude vsftpd
#   DIR/node_modules  basic-ftp
#   DIR/built         the Java and Go clients, compiled
# DIR is .cache/matrix unless given. What is there and current stays. Needs apt and npm.
set -euo pipefail
cd "$(dirname "$0")"
. ../../.ci/packages.sh
dir=${1:-$PWD/../../.cache/matrix}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

javascript() {
    cp package.json package-lock.json "$dir"
    (cd "$dir" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
}

compiled() {
    mkdir -p "$dir/built"
    javac -cp /usr/share/java/commons-net.jar -d "$dir/built" clients/CommonsNet.java
    env GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$dir/go" GOFLAGS= CGO_ENABLED=0 \
        go build -o "$dir/built/go_ftp" clients/go_ftp.go
    rm -rf "$dir/go"
}

# once STEP FILE...: runs STEP unless it was done with the same contents of the FILEs.
once() {
    local step=$1 stamp=$dir/$1.stamp sum
    shift
    sum=$(cat "$@" | sha256sum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
        "$step"
        echo "$sum" >"$stamp"
    fi
}

./servers.sh "$dir"
once javascript package.json package-lock.json
once compiled clients/CommonsNet.java clients/go_ftp.go
