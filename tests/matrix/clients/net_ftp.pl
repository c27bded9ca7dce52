# Perl's Net::FTP with IO::Socket::SSL.
use strict;
use warnings;
use File::Basename;
use Net::FTP;

my ($host, $port, $security, $version, $data, $ca, $file, $received) = @ARGV;
my $name = basename($file);

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
