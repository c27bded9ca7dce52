"""Python's ftplib, which knows explicit FTPS only and resumes no session by itself: the class
below adds implicit TLS and, where the server wants it, the recipe for resumption."""
import ftplib
import os
import socket
import ssl
import sys

host, port, security, version, data, ca, path, received, reuse = sys.argv[1:10]
name = os.path.basename(path)
versions = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Client(ftplib.FTP_TLS):
    def connect_implicit(self, host, port):
        plain = socket.create_connection((host, port), timeout=self.timeout)
        self.host, self.port, self.af = host, port, plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    def ntransfercmd(self, command, rest=None):
        if reuse != "require":
            return super().ntransfercmd(command, rest)
        connection, size = ftplib.FTP.ntransfercmd(self, command, rest)
        connection = self.context.wrap_socket(
            connection, server_hostname=self.host, session=self.sock.session)
        return connection, size


context = ssl.create_default_context(cafile=ca)
context.minimum_version = context.maximum_version = versions[version]
client = Client(context=context, timeout=25)
client.set_pasv(data == "passive")
if security == "implicit":
    client.connect_implicit(host, int(port))
else:
    client.connect(host, int(port))
client.login("ftp", "secret")
client.prot_p()
with open(path, "rb") as file:
    client.storbinary(f"STOR {name}", file)
print("upload")
if name not in client.nlst():
    sys.exit("the listing lacks the file")
print("list")
with open(received, "wb") as file:
    client.retrbinary(f"RETR {name}", file.write)
print("download")
client.quit()
