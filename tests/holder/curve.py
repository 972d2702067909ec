"""The group of edwards25519: ristretto255 (RFC 9496) and Ed25519 (RFC 8032) over it.

Plain arithmetic with whole numbers, written to be read beside the RFCs. It takes a time that depends on secrets, so it
is for tests and made-up keys and nothing else.
"""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493  # the order of the group
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


class NotAPoint(Exception):
    """Bytes that are no point, or none in its one canonical form."""


def negative(x):
    return x % P % 2 == 1


def absolute(x):
    return -x % P if negative(x) else x % P


def sqrt_ratio(u, v):
    """RFC 9496 §4.2: (whether u/v is a square, the non-negative root of u/v, or else of SQRT_M1·u/v)."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in (-u % P, -u * SQRT_M1 % P):
        r = r * SQRT_M1 % P
    return check in (u % P, -u % P), absolute(r)


INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D)[1]

# A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z, as in RFC 8032 §5.1.4.
IDENTITY = (0, 1, 1, 0)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(k, p):
    total = IDENTITY
    for bit in bin(k)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, p)
    return total


# ristretto255


def decode(data):
    """RFC 9496 §4.3.1."""
    s = int.from_bytes(data, "little")
    if s >= P or negative(s):
        raise NotAPoint
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    was_square, invsqrt = sqrt_ratio(1, v * u2 * u2 % P)
    den_x = invsqrt * u2 % P
    x, y = absolute(2 * s * den_x), u1 * invsqrt * den_x * v % P
    if not was_square or negative(x * y) or y == 0:
        raise NotAPoint
    return x, y, 1, x * y % P


def encode(point):
    """RFC 9496 §4.3.2."""
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    _, invsqrt = sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t % P
    den_inv = den2
    if negative(t * z_inv):
        x, y = y * SQRT_M1 % P, x * SQRT_M1 % P
        den_inv = den1 * INVSQRT_A_MINUS_D % P
    if negative(x * z_inv):
        y = -y
    return absolute(den_inv * (z - y)).to_bytes(32, "little")


# Ed25519


def ed_encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed_decode(data):
    """RFC 8032 §5.1.3."""
    both = int.from_bytes(data, "little")
    y, sign = both % 2**255, both >> 255
    is_square, x = sqrt_ratio((y * y - 1) % P, (D * y * y + 1) % P)
    if y >= P or not is_square or (x == 0 and sign):
        raise NotAPoint
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


BASE = ed_decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))  # of both groups


def hash_to_number(*parts):
    return int.from_bytes(sha512(b"".join(parts)).digest(), "little") % L


def sign(seed, message):
    """RFC 8032 §5.1.6."""
    h = sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & (2**254 - 8) | 2**254
    r = hash_to_number(h[32:], message)
    public, commitment = ed_encode(times(a, BASE)), ed_encode(times(r, BASE))
    s = (r + hash_to_number(commitment, public, message) * a) % L
    return commitment + s.to_bytes(32, "little")


def verifies(public, message, signature):
    """RFC 8032 §5.1.7, without the cofactor; no key and no commitment of small order verifies anything."""
    commitment, s = signature[:32], int.from_bytes(signature[32:], "little")
    try:
        points = [ed_decode(public), ed_decode(commitment)]
    except NotAPoint:
        return False
    if s >= L or any(ed_encode(times(8, point)) == ed_encode(IDENTITY) for point in points):
        return False
    k = hash_to_number(commitment, public, message)
    return ed_encode(add(times(s, BASE), times(L * 8 - k, points[0]))) == commitment
