#!/bin/bash
# Builds the Debian package of what is in this tree. Usage: packaging/deb.sh FOLDER
# FOLDER gets hsmfront_VERSION_ARCH.deb; FOLDER/build is kept, so that ccache finds it again.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: packaging/deb.sh FOLDER" >&2 && exit 2; }
source=$(cd "$(dirname "$0")/.." && pwd)
. "$source/.ci/packages.sh"
# shellcheck disable=SC2086 # lists of words
install_packages $packages_build $packages_packaging
mkdir -p "$1"
folder=$(cd "$1" && pwd)

version=$(sed -nE 's/^project\(hsmfront VERSION ([0-9.]+).*/\1/p' "$source/CMakeLists.txt")
packaged=$(dpkg-parsechangelog -l "$source/packaging/debian/changelog" -S Version)
if [ "$version" != "$packaged" ]; then
    echo "packaging/debian/changelog is about $packaged, CMakeLists.txt about $version" >&2
    exit 1
fi

rm -rf "$folder/build" "$folder"/hsmfront*
mkdir -p "$folder/build/hsmfront"
cd "$source"
if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard
else
    find . \( -path './build*' -o -path './.?*' \) -prune -o -type f -print0
fi | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --create --null --files-from - | tar --extract --directory "$folder/build/hsmfront"
cd "$folder/build/hsmfront"
cp -r packaging/debian debian
export CCACHE_BASEDIR=$PWD
if command -v ccache >/dev/null; then
    CCACHE_DIR=$(ccache --get-config cache_dir) # debhelper sets another HOME
    export CCACHE_DIR
fi
dpkg-buildpackage --build=binary --no-sign ${HSMFRONT_JOBS:+--jobs="$HSMFRONT_JOBS"}
mv ../hsmfront*.deb "$folder"
