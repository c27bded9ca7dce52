#!/bin/bash
# Keys and certificates of the integration tests, made once: make_material.sh DIR INTERNAL-CA-SH
#   token/           SoftHSM2 token "front" (PIN 123456), keys "rsa" and "ec"; to be copied
#   ca/ca.pem        what clients trust
#   certs/           chains of the keys in the token; "other.pem" belongs to neither
#   files/           the same aliases as key files, with chains of their own
set -euo pipefail
dir=$1 internal_ca=$2
module=/usr/lib/softhsm/libsofthsm2.so
names=(--subject /CN=localhost --san "DNS:localhost,IP:127.0.0.1,IP:::1")

mkdir -p "$dir"/{token,certs,files}
export SOFTHSM2_CONF=$dir/softhsm2.conf
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
    "$dir/token" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label front --so-pin 87654321 --pin 123456
"$internal_ca" init "$dir/ca"

# token_key ALIAS TYPE ID
token_key() {
    local tool=(pkcs11-tool --module "$module" --token-label front --login --pin 123456)
    "${tool[@]}" --keypairgen --key-type "$2" --label "$1" --id "$3" --usage-sign
    "${tool[@]}" --read-object --type pubkey --id "$3" --output-file "$dir/$1.der"
    openssl pkey -pubin -inform DER -in "$dir/$1.der" -out "$dir/$1.pub"
    "$internal_ca" sign "$dir/ca" --public-key "$dir/$1.pub" "${names[@]}" "$dir/certs/$1.pem"
}
token_key rsa rsa:2048 01
token_key ec EC:prime256v1 02

# file_key ALIAS OPENSSL-GENPKEY-OPTIONS...
file_key() {
    local alias=$1
    shift
    openssl genpkey -quiet "$@" -out "$dir/files/$alias.key"
    openssl pkey -in "$dir/files/$alias.key" -pubout -out "$dir/$alias.pub"
    "$internal_ca" sign "$dir/ca" --public-key "$dir/$alias.pub" "${names[@]}" \
        "$dir/files/$alias.pem"
}
file_key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
file_key ec -algorithm EC -pkeyopt ec_paramgen_curve:P-256
cp "$dir/files/rsa.pem" "$dir/certs/other.pem"
