"""WebSocket (RFC 6455) over a stream with read(n), write and flush: frames, and an echo server."""
import base64
import hashlib
import os

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def accept_key(key):
    """Sec-WebSocket-Accept for a Sec-WebSocket-Key (§4.2.2)."""
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return base64.b64encode(digest).decode()


def masked(payload, mask):
    repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return number.to_bytes(len(payload), "big")


def write_frame(stream, opcode, payload, client=False, final=True):
    """What a client sends is masked (§5.3)."""
    size = len(payload)
    if size < 126:
        length = bytes([size])
    elif size < 1 << 16:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    head = bytes([opcode | (0x80 if final else 0)])
    if client:
        mask = os.urandom(4)
        stream.write(head + bytes([length[0] | 0x80]) + length[1:] + mask + masked(payload, mask))
    else:
        stream.write(head + length + payload)
    stream.flush()


def exactly(stream, count):
    data = stream.read(count)
    if len(data) != count:
        raise EOFError("the connection ended within a frame")
    return data


def read_frame(stream):
    """(opcode, payload, final)"""
    first, second = exactly(stream, 2)
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(exactly(stream, 2 if size == 126 else 8), "big")
    mask = exactly(stream, 4) if second & 0x80 else None
    payload = exactly(stream, size)
    return first & 0x0F, masked(payload, mask) if mask else payload, bool(first & 0x80)


def echo(stream_in, stream_out):
    """Sends messages and fragments back as they came, until the client closes (§5.5.1)."""
    while True:
        opcode, payload, final = read_frame(stream_in)
        if opcode == PING:
            opcode = PONG
        write_frame(stream_out, opcode, payload, final=final)
        if opcode == CLOSE:
            return
