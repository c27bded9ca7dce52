"""A name server for one network namespace: name_server.py MODE-FILE

Listens on 127.0.0.1, port 53. What MODE-FILE holds when a question comes is how it is answered:
"answer" (every name is 127.0.0.1), "servfail", "hang" (not at all).
"""
import pathlib
import socket
import struct
import sys

A, IN = 1, 1
RESPONSE, RECURSIVE, SERVFAIL = 0x8000, 0x0180, 2


def question_end(packet):
    at = 12
    while packet[at]:
        at += packet[at] + 1
    return at + 5


def reply(packet, mode):
    end = question_end(packet)
    kind = struct.unpack("!H", packet[end - 4:end - 2])[0]
    failed = mode == "servfail"
    answers = 1 if kind == A and not failed else 0
    flags = RESPONSE | RECURSIVE | (SERVFAIL if failed else 0)
    head = packet[:2] + struct.pack("!HHHHH", flags, 1, answers, 0, 0)
    # The name is a pointer to the question's (RFC 1035 §4.1.4); not to be kept for any time.
    address = struct.pack("!HHHIH", 0xC00C, A, IN, 0, 4) + bytes([127, 0, 0, 1])
    return head + packet[12:end] + address * answers


def main():
    mode_file = pathlib.Path(sys.argv[1])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    print("ready", flush=True)
    while True:
        packet, client = server.recvfrom(4096)
        mode = mode_file.read_text()
        if mode != "hang":
            server.sendto(reply(packet, mode), client)


if __name__ == "__main__":
    main()
