"""Content of any size that takes no disk: generated.py BYTES writes it, generated.py --digest BYTES
prints its sha256. Blocks of random bytes, the same each time, each with its number in front, so that
lost, doubled and exchanged pieces show."""
import hashlib
import random
import sys

BLOCK = 1 << 18
NOISE = random.Random(20260101).randbytes(BLOCK - 8)


def blocks(size):
    """`size` bytes in pieces of at most BLOCK."""
    for number in range(-(-size // BLOCK)):
        block = number.to_bytes(8, "big") + NOISE
        yield block[:size - number * BLOCK]


def digest(size):
    total = hashlib.sha256()
    for block in blocks(size):
        total.update(block)
    return total.hexdigest()


if __name__ == "__main__":
    if sys.argv[1] == "--digest":
        print(digest(int(sys.argv[2])))
    else:
        for piece in blocks(int(sys.argv[1])):
            sys.stdout.buffer.write(piece)
