#!/bin/bash
# What deb.sh does where the package was just installed: from the empty token to HTTPS, with the
# files, the user and the rights that the unit gives. Usage: in_bare_system.sh VERSION
set -euo pipefail

fail() { echo "error: $*" >&2 && exit 1; }

[ "$(hsmfront --version)" = "hsmfront $1" ] || fail "another version: $(hsmfront --version)"
hsmfront check
[ "$(systemctl is-enabled hsmfront.service)" = disabled ] || fail "the unit is enabled"
said=$(systemd-analyze verify --man=no hsmfront.service 2>&1) || true
[ -z "$said" ] || fail "the unit: $said"
systemd-analyze security --no-pager --offline=true --threshold=20 \
    /lib/systemd/system/hsmfront.service | tail -n 1
for file in share/man/man8/hsmfront.8.gz share/man/man5/hsmfront.yaml.5.gz \
    share/hsmfront/hsmfront.schema.json share/bash-completion/completions/hsmfront \
    share/zsh/vendor-completions/_hsmfront share/doc/hsmfront/examples/drop-ins/nshield.conf; do
    [ -e "/usr/$file" ] || fail "no /usr/$file"
done

# A token, with the PIN where the unit's LoadCredential= looks for it.
try=/srv/try
mkdir -p $try/token /etc/credstore /run/credentials-of-hsmfront
export SOFTHSM2_CONF=$try/softhsm2.conf CREDENTIALS_DIRECTORY=/run/credentials-of-hsmfront
echo "directories.tokendir = $try/token" >$SOFTHSM2_CONF
softhsm2-util --init-token --free --label hsmfront --so-pin 12345678 --pin 12345678
(umask 077 && echo 12345678 >/etc/credstore/hsmfront.hsm-pin)
install -m 400 /etc/credstore/hsmfront.hsm-pin $CREDENTIALS_DIRECTORY/hsm-pin

cat >/etc/hsmfront/hsmfront.yaml <<END
hsm:
  module: /usr/lib/softhsm/libsofthsm2.so
  token: hsmfront
  pin: { credential: hsm-pin }
certificates: /etc/hsmfront/certs
http:
  enabled: true
  alias: httpd
  listen: [{ address: 127.0.0.1, port: 443 }]
  backend: { address: 127.0.0.1, port: 8080 }
admin: { socket: /run/hsmfront/admin.sock }
log: { file: /var/log/hsmfront/hsmfront.log }
END
hsmfront key generate httpd --type ec:P-256
hsmfront cert request httpd --subject /CN=localhost --san DNS:localhost --out $try/httpd.csr
/usr/share/hsmfront/internal-ca.sh init $try/ca
/usr/share/hsmfront/internal-ca.sh sign $try/ca $try/httpd.csr $try/httpd.crt
hsmfront cert import httpd $try/httpd.crt
hsmfront check
hsmfront doctor

# As the unit runs it: RuntimeDirectory=, LogsDirectory=, User=, AmbientCapabilities=.
install -d -o hsmfront -g hsmfront /run/hsmfront
install -d -m 750 -o hsmfront -g hsmfront /var/log/hsmfront
chown -R hsmfront: $try/token $CREDENTIALS_DIRECTORY
cap=net_bind_service
setpriv --reuid hsmfront --regid hsmfront --clear-groups --no-new-privs --bounding-set -all,+$cap \
    --inh-caps -all,+$cap --ambient-caps -all,+$cap \
    hsmfront serve -c /etc/hsmfront/hsmfront.yaml &
service=$!
# shellcheck disable=SC2016 # for perl
perl -MIO::Socket::INET -e '
    my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 8080)
        or die;
    while (my $client = $listener->accept) {
        while (<$client>) { last if /^\r\n$/ }
        print $client "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";
        close $client;
    }' &
answer=$(curl -sS --fail --cacert $try/ca/ca.pem --retry 20 --retry-delay 1 --retry-all-errors \
    https://localhost/) || { cat /var/log/hsmfront/hsmfront.log && fail "no HTTPS"; }
[ "$answer" = hello ] || fail "served: $answer"
hsmfront status
hsmfront reload
kill $service
wait $service || fail "serve ended with $?"
# systemd would do this.
rm -r /run/hsmfront $CREDENTIALS_DIRECTORY
