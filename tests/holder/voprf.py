"""The holder's half of RFC 9497: ristretto255-SHA512 in mode VOPRF, over a whole batch."""

from hashlib import sha512
from secrets import randbelow

from curve import BASE, IDENTITY, L, add, encode, times

CONTEXT = b"OPRFV1-" + b"\x01" + b"-ristretto255-SHA512"


def expand_message_xmd(message, dst, length):
    """RFC 9380 §5.3.1, with SHA-512."""
    dst_prime = dst + bytes([len(dst)])
    b_0 = sha512(bytes(128) + message + length.to_bytes(2, "big") + b"\0" + dst_prime).digest()
    block, out = bytes(64), b""
    for i in range(1, -(-length // 64) + 1):
        block = sha512(bytes(x ^ y for x, y in zip(b_0, block)) + bytes([i]) + dst_prime).digest()
        out += block
    return out[:length]


def hash_to_scalar(message):
    """RFC 9497 §4.1."""
    return int.from_bytes(expand_message_xmd(message, b"HashToScalar-" + CONTEXT, 64), "little") % L


def part(data):
    return len(data).to_bytes(2, "big") + data


def composite(public, blinded, evaluated):
    """The M of ComputeCompositesFast, RFC 9497 §2.2.1: one point for the whole batch."""
    seed = sha512(part(public) + part(b"Seed-" + CONTEXT)).digest()
    total = IDENTITY
    for i, (c, d) in enumerate(zip(blinded, evaluated)):
        transcript = part(seed) + i.to_bytes(2, "big") + part(encode(c)) + part(encode(d)) + b"Composite"
        total = add(total, times(hash_to_scalar(transcript), c))
    return total


def evaluate(share, blinded):
    """Each point times the share, and GenerateProof of RFC 9497 §2.2.1 for all of them: challenge, response."""
    public = encode(times(share, BASE))
    evaluated = [times(share, point) for point in blinded]
    m = composite(public, blinded, evaluated)
    z = times(share, m)
    r = 1 + randbelow(L - 1)
    points = [encode(m), encode(z), encode(times(r, BASE)), encode(times(r, m))]
    challenge = hash_to_scalar(b"".join(map(part, [public, *points])) + b"Challenge")
    response = (r - challenge * share) % L
    return evaluated, challenge.to_bytes(32, "little") + response.to_bytes(32, "little")
