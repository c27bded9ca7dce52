"""libcurl with GnuTLS, through Debian's PycURL: one handle, so one control connection."""
import io
import os
import sys

import pycurl

host, port, security, version, data, ca, path, received = sys.argv[1:9]
name = os.path.basename(path)
scheme = "ftp" if security == "explicit" else "ftps"
base = f"{scheme}://{'[' + host + ']' if ':' in host else host}:{port}/"
# The lowest version in the lower half of the option's value, the highest in the upper.
versions = {"1.2": pycurl.SSLVERSION_TLSv1_2 | pycurl.SSLVERSION_MAX_TLSv1_2,
            "1.3": pycurl.SSLVERSION_TLSv1_3 | pycurl.SSLVERSION_MAX_TLSv1_3}


def request(curl, url):
    curl.reset()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.USERPWD, "ftp:secret")
    curl.setopt(pycurl.CAINFO, ca)
    curl.setopt(pycurl.USE_SSL, pycurl.USESSL_ALL)
    curl.setopt(pycurl.SSLVERSION, versions[version])
    curl.setopt(pycurl.TIMEOUT, 25)
    if data == "active":
        curl.setopt(pycurl.FTPPORT, "-")


if "GnuTLS" not in pycurl.version:
    sys.exit(f"this PycURL is not linked with GnuTLS: {pycurl.version}")
curl = pycurl.Curl()

request(curl, base + name)
with open(path, "rb") as file:
    curl.setopt(pycurl.UPLOAD, 1)
    curl.setopt(pycurl.READDATA, file)
    curl.perform()
print("upload")

request(curl, base)
listing = io.BytesIO()
curl.setopt(pycurl.DIRLISTONLY, 1)
curl.setopt(pycurl.WRITEDATA, listing)
curl.perform()
if name not in listing.getvalue().decode().split():
    sys.exit("the listing lacks the file")
print("list")

request(curl, base + name)
with open(received, "wb") as file:
    curl.setopt(pycurl.WRITEDATA, file)
    curl.perform()
print("download")
curl.close()
