#!/usr/bin/env bash
# A small certificate authority for demos, tests and internal networks. Needs openssl 3 only.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage:
  internal-ca.sh init DIR [--name NAME] [--days DAYS]
      Makes a CA in DIR: ca.key (EC P-256, mode 600) and ca.pem. Does nothing if DIR has one.

  internal-ca.sh sign DIR CSR.pem OUT.pem [--san LIST] [--days DAYS]
      Signs a certificate request. The names are those of the request, or LIST.

  internal-ca.sh sign DIR --public-key PUB.pem --subject /CN=NAME [--san LIST] OUT.pem [--days DAYS]
      Issues a certificate for a public key, such as one read from a token.

OUT.pem gets the chain as hsmfront wants it: the new certificate, then the CA's.
LIST is comma-separated, as in "DNS:ftp.example.org,IP:192.0.2.1"; without it the name of
--subject is used. --days is 3650 for the CA and 825 for certificates.

Exit codes: 0 done, 1 failed, 2 wrong usage.
USAGE
}

die() {
    echo "internal-ca.sh: $1" >&2
    exit 1
}

wrong_usage() {
    echo "internal-ca.sh: $1" >&2
    usage >&2
    exit 2
}

# Runs openssl; what it says is shown only when it fails.
run_openssl() {
    local said
    said=$(openssl "$@" 2>&1) || die "openssl $1 failed: $said"
}

# Writes to a temporary file first: OUT is complete or untouched.
temporary=
trap '[ -z "$temporary" ] || rm -rf "$temporary"' EXIT

init() {
    local dir=$1 name=$2 days=$3
    if [ -e "$dir/ca.key" ] && [ -e "$dir/ca.pem" ]; then
        echo "$dir/ca.pem exists already"
        return
    fi
    if [ -e "$dir/ca.key" ] || [ -e "$dir/ca.pem" ]; then
        die "$dir holds only one of ca.key and ca.pem; remove it or restore the other"
    fi
    mkdir -p "$dir" || die "cannot make $dir"
    temporary=$(mktemp -d "$dir/.new.XXXXXX") || die "cannot write to $dir"
    (umask 077 && run_openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
        -out "$temporary/ca.key")
    run_openssl req -new -x509 -sha256 -key "$temporary/ca.key" -subj "/CN=$name" -days "$days" \
        -addext "basicConstraints=critical,CA:TRUE" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$temporary/ca.pem"
    mv "$temporary/ca.key" "$temporary/ca.pem" "$dir/"
    echo "CA made: $dir/ca.pem"
}

# The last CN of a subject such as /O=Example/CN=ftp.example.org
common_name() {
    sed -n 's|.*/CN=\([^/]*\).*|\1|p' <<<"$1"
}

write_extensions() {
    local san=$1
    cat <<EXTENSIONS
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EXTENSIONS
    if [ -n "$san" ]; then
        echo "subjectAltName = $san"
    fi
}

# The names a request asks for, as one line for an extension file.
requested_names() {
    openssl req -in "$1" -noout -text 2>/dev/null |
        sed -n '/Subject Alternative Name/{n;s/^ *//;s/IP Address:/IP:/g;p;}'
}

sign() {
    local dir=$1 csr=$2 public_key=$3 subject=$4 san=$5 days=$6 out=$7
    local file
    for file in "$dir/ca.key" "$dir/ca.pem" "$csr" "$public_key"; do
        [ -z "$file" ] || [ -r "$file" ] || die "cannot read $file"
    done
    temporary=$(mktemp -d "$(dirname "$out")/.new.XXXXXX") || die "cannot write $out"
    if [ -n "$csr" ]; then
        [ -n "$san" ] || san=$(requested_names "$csr")
    elif [ -z "$san" ]; then
        san="DNS:$(common_name "$subject")"
    fi
    write_extensions "$san" >"$temporary/extensions"
    local common=(-CA "$dir/ca.pem" -CAkey "$dir/ca.key" -sha256 -days "$days"
        -extfile "$temporary/extensions" -out "$temporary/leaf.pem")
    if [ -n "$csr" ]; then
        run_openssl x509 -req -in "$csr" "${common[@]}"
    else
        run_openssl x509 -new -force_pubkey "$public_key" -subj "$subject" "${common[@]}"
    fi
    # The operators' procedure: the CA's certificate behind the server's.
    cat "$temporary/leaf.pem" "$dir/ca.pem" >"$temporary/chain.pem"
    run_openssl verify -CAfile "$dir/ca.pem" "$temporary/leaf.pem"
    mv "$temporary/chain.pem" "$out"
    echo "chain written: $out"
}

main() {
    local command=${1:-} name="hsmfront internal CA" days='' public_key='' subject='' san=''
    local positional=()
    case $command in
    -h | --help | help)
        usage
        return
        ;;
    init | sign) shift ;;
    *) wrong_usage "unknown command '$command'" ;;
    esac
    while [ $# -gt 0 ]; do
        case $1 in
        --name | --days | --public-key | --subject | --san)
            [ $# -ge 2 ] || wrong_usage "$1 needs a value"
            case $1 in
            --name) name=$2 ;;
            --days) days=$2 ;;
            --public-key) public_key=$2 ;;
            --subject) subject=$2 ;;
            --san) san=$2 ;;
            esac
            shift 2
            ;;
        -*) wrong_usage "unknown option '$1'" ;;
        *)
            positional+=("$1")
            shift
            ;;
        esac
    done
    command -v openssl >/dev/null || die "openssl is not installed"
    if [ "$command" = init ]; then
        [ ${#positional[@]} -eq 1 ] || wrong_usage "init takes one directory"
        init "${positional[0]}" "$name" "${days:-3650}"
    elif [ -n "$public_key" ]; then
        [ ${#positional[@]} -eq 2 ] || wrong_usage "sign --public-key takes DIR and OUT.pem"
        [ -n "$(common_name "$subject")" ] || wrong_usage "--subject must hold a /CN=NAME"
        sign "${positional[0]}" '' "$public_key" "$subject" "$san" "${days:-825}" "${positional[1]}"
    else
        [ ${#positional[@]} -eq 3 ] || wrong_usage "sign takes DIR, CSR.pem and OUT.pem"
        sign "${positional[0]}" "${positional[1]}" '' '' "$san" "${days:-825}" "${positional[2]}"
    fi
}

main "$@"
