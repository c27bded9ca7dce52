// Go's github.com/jlaffaye/ftp. Passive only. Its data connections resume when the TLS
// configuration has a session cache, which is the caller's to give. Debian's version waits for the
// TLS handshake of a data connection before it sends the command that the handshake belongs to, and
// so gets nowhere with any of the servers, directly or through hsmfront; the dial function below
// leaves the handshake to the first byte.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/jlaffaye/ftp"
)

func check(err error, step string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", step, err)
		os.Exit(1)
	}
}

func main() {
	host, port, security, version, data := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	ca, path, received := os.Args[6], os.Args[7], os.Args[8]
	if data != "passive" {
		check(fmt.Errorf("no active mode"), "options")
	}
	pem, err := os.ReadFile(ca)
	check(err, "CA")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	number := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[version]
	config := &tls.Config{RootCAs: roots, ServerName: host, MinVersion: number, MaxVersion: number,
		ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	protect := security == "implicit" // explicit: the control connection begins in clear
	dial := func(network, address string) (net.Conn, error) {
		plain, err := net.DialTimeout(network, address, 25*time.Second)
		if err != nil {
			return nil, err
		}
		plain.SetDeadline(time.Now().Add(25 * time.Second))
		if !protect {
			protect = true
			return plain, nil
		}
		return tls.Client(plain, config), nil
	}
	security_option := ftp.DialWithExplicitTLS(config)
	if security == "implicit" {
		security_option = ftp.DialWithTLS(config)
	}
	connection, err := ftp.Dial(net.JoinHostPort(host, port), security_option,
		ftp.DialWithDialFunc(dial))
	check(err, "connect")
	check(connection.Login("ftp", "secret"), "login")
	name := filepath.Base(path)

	file, err := os.Open(path)
	check(err, "open")
	check(connection.Stor(name, file), "upload")
	fmt.Println("upload")

	names, err := connection.NameList("")
	check(err, "list")
	found := false
	for _, one := range names {
		found = found || one == name
	}
	if !found {
		check(fmt.Errorf("the listing lacks the file"), "list")
	}
	fmt.Println("list")

	response, err := connection.Retr(name)
	check(err, "download")
	copied, err := os.Create(received)
	check(err, "create")
	_, err = io.Copy(copied, response)
	check(err, "download")
	check(response.Close(), "end of download")
	fmt.Println("download")
	check(connection.Quit(), "quit")
}
