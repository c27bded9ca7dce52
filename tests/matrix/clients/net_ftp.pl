# Perl's Net::FTP with IO::Socket::SSL. It means to resume the control connection's session, but
# its data connections look for one under their own port; the key set below is what both share.
use strict;
use warnings;
use File::Basename;
use Net::FTP;

my ($host, $port, $security, $version, $data, $ca, $file, $received, $reuse) = @ARGV;
my $name = basename($file);

IO::Socket::SSL::set_client_defaults(SSL_session_key => $host) if $reuse eq 'require';
my $ftp = Net::FTP->new(
    $host,
    Port => $port,
    Timeout => 25,
    Passive => $data eq 'passive',
    SSL => $security eq 'implicit',
    SSL_ca_file => $ca,
    SSL_version => 'TLSv1_' . substr($version, 2),
) or die "connect: $@\n";

sub check {
    my ($done, $step) = @_;
    $done or die "$step: " . $ftp->code . ' ' . $ftp->message . " $@ $IO::Socket::SSL::SSL_ERROR\n";
}

check($ftp->starttls, 'starttls') if $security eq 'explicit';
check($ftp->login('ftp', 'secret'), 'login');
check($ftp->prot('P'), 'prot') if $security eq 'implicit';
check($ftp->binary, 'binary');
check($ftp->put($file, $name), 'put');
print "upload\n";
my $listing = $ftp->ls;
check($listing, 'ls');
grep { $_ eq $name } @$listing or die "the listing lacks the file\n";
print "list\n";
check($ftp->get($name, $received), 'get');
print "download\n";
check($ftp->quit, 'quit');
