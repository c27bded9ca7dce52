"""Connections that a balancer would make, or should not: relayed.py ACTION ARGUMENT...

say SOURCE HOST PORT BYTES   connects from SOURCE and sends BYTES, written as in Python ("\\r\\n");
                             prints "sent", then what comes until the other side closes, then how
                             it closed
steal BALANCER PROXY PORT CA CLIENT THIEF
                             CLIENT logs in through BALANCER; the data connection of its download is
                             tried from THIEF through BALANCER, from THIEF and CLIENT past it, with
                             no header from BALANCER's own address, and at last by CLIENT through
                             BALANCER; prints what each got
active BALANCER PORT CA CLIENT
                             downloads over a data connection that comes to CLIENT
"""
import ftplib
import socket
import ssl
import sys

timeout = 20


def read_to_end(connection):
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
        return received, "closed"
    except ConnectionResetError:
        return received, "reset"
    except TimeoutError:
        return received, "open"


def connect(source, host, port):
    return socket.create_connection((host, int(port)), timeout, (source, 0))


def say(source, host, port, text):
    with connect(source, host, port) as connection:
        connection.sendall(text.encode().decode("unicode_escape").encode("latin-1"))
        print("sent", flush=True)
        received, end = read_to_end(connection)
    print(received, end)


def login(client, balancer, port, ca):
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False  # its certificate is for localhost
    ftp = ftplib.FTP_TLS(context=context, timeout=timeout, source_address=(client, 0))
    ftp.connect(balancer, int(port))
    ftp.login("ftp", "secret")
    ftp.prot_p()
    return ftp


def steal(balancer, proxy, port, ca, client, thief):
    ftp = login(client, balancer, port, ca)
    ftp.voidcmd("TYPE I")
    address, data_port = ftp.makepasv()
    print("advertised", address)
    ftp.putcmd("RETR file")
    ftp.getresp()
    for source, host in ((thief, balancer), (thief, proxy), (client, proxy), (balancer, proxy)):
        with connect(source, host, data_port) as connection:
            print(source, host, *read_to_end(connection))
    data = ftp.context.wrap_socket(
        connect(client, balancer, data_port), session=ftp.sock.session)
    print(client, balancer, *read_to_end(data))
    data.close()
    print(ftp.getresp())


def active(balancer, port, ca, client):
    ftp = login(client, balancer, port, ca)
    ftp.set_pasv(False)
    received = b""

    def take(part):
        nonlocal received
        received += part

    ftp.retrbinary("RETR file", take)
    ftp.quit()
    print(received)


actions = {"say": say, "steal": steal, "active": active}
actions[sys.argv[1]](*sys.argv[2:])
