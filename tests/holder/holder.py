"""A key holder's evaluation, written from protocol/PROTOCOL.md alone.

    holder.py SETUP < requests > answers

It shows that PROTOCOL.md is enough to write a holder in another language, and the tests let it stand in for one. It
reads `evaluate` frames one after another, each as if it came on a stream of its own, and writes for each the
`evaluated` or the `reject`; after a header that it refuses it stops. It has no transport and no disk, counts in
memory, and is for made-up keys: see curve.py. Deadline, closing, ledger and policy, which a holder judges by a clock
and by what else it knows, are left out.

SETUP is a file in JSON with what a holder knows once a study's key is pinned, bytes in hexadecimal:

    roster, study    the digests of the holder's roster and of the study's manifest
    signing_seed     the Ed25519 seed of the holder
    key              index, epoch, share; null where no key is pinned
    requesters       by name: verifying_key, quorum (indices), quota
"""

import json
import sys
from hashlib import sha256
from struct import unpack

sys.dont_write_bytecode = True

from curve import IDENTITY, NotAPoint, decode, encode, sign, verifies  # noqa: E402
from voprf import evaluate  # noqa: E402

HEADER_BYTES, FRAME_BYTES_MAX, SIGNATURE_BYTES, POINT_BYTES, ANSWERS_MAX = 72, 1_048_576, 64, 32, 100
BATCH_PERSONS = 10_000

REJECT, EVALUATE, EVALUATED = 3, 51, 52
KINDS = {*range(1, 4), *range(16, 28), *range(32, 53), *range(64, 86), *range(96, 102)}

CODES = {
    "unsupported-version": 1,
    "unknown-node": 2,
    "other-roster": 5,
    "other-study": 6,
    "malformed": 20,
    "too-large": 21,
    "unknown-kind": 22,
    "unexpected-kind": 23,
    "bad-signature": 24,
    "replay": 26,
    "quota-exceeded": 46,
    "not-a-holder": 47,
    "not-ready": 70,
    "broken-off": 74,
}


class Refused(Exception):
    """One of the refusals of PROTOCOL.md, by its name."""


def require(condition, refusal):
    if not condition:
        raise Refused(refusal)


# Frames


def frame(kind, roster, study, body):
    return bytes([1, kind, 0, 0]) + len(body).to_bytes(4, "big") + roster + study + body


def read_frame(stream, roster, study):
    """The next body of an `evaluate`, or None at the end."""
    header = stream.read(HEADER_BYTES)
    if not header:
        return None
    require(len(header) == HEADER_BYTES, "broken-off")
    version, kind, flags, length = unpack(">BBHI", header[:8])
    require(version == 1, "unsupported-version")
    require(kind in KINDS, "unknown-kind")
    require(flags == 0, "malformed")
    require(length <= FRAME_BYTES_MAX, "too-large")
    body = stream.read(length)
    require(len(body) == length, "broken-off")
    require(header[8:40] == roster, "other-roster")
    require(header[40:72] == study, "other-study")
    require(kind == EVALUATE, "unexpected-kind")
    return body


# Encoding


class Reader:
    """Takes a body apart, field by field."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def fixed(self, length):
        require(self.at + length <= len(self.data), "malformed")
        self.at += length
        return self.data[self.at - length : self.at]

    def unsigned(self, length):
        return int.from_bytes(self.fixed(length), "big")

    def bytes(self):
        return self.fixed(self.unsigned(8))

    def name(self):
        length = self.unsigned(8)
        require(length <= FRAME_BYTES_MAX, "too-large")
        data = self.fixed(length)
        allowed = b"abcdefghijklmnopqrstuvwxyz0123456789_"
        require(1 <= len(data) <= 32 and all(byte in allowed for byte in data), "malformed")
        return data.decode()


def with_length(data):
    return len(data).to_bytes(8, "big") + data


def digest(tag, *parts):
    return sha256(b"".join(map(with_length, [tag, *parts]))).digest()


def to_sign(tag, study, content):
    return bytes([len(tag)]) + tag + study + content


# The holder


class Holder:
    def __init__(self, setup):
        self.roster, self.study = bytes.fromhex(setup["roster"]), bytes.fromhex(setup["study"])
        self.signing_seed = bytes.fromhex(setup["signing_seed"])
        self.key, self.requesters = setup["key"], setup["requesters"]
        self.counted = {name: {} for name in self.requesters}  # of each requester, by sequence: a batch's account
        self.committed = {}  # by requester: the commitment that came first

    def answer(self, body):
        """Judges a signed batch in the order of *Evaluation batches*, and gives the body of the `evaluated`."""
        reader = Reader(body)
        requester, index = reader.name(), reader.unsigned(2)
        epoch, sequence = reader.unsigned(4), reader.unsigned(4)
        begins = reader.at
        node, persons, _root = reader.name(), reader.unsigned(4), reader.fixed(32)
        commitment = body[begins : reader.at]
        commitment_signature = reader.fixed(SIGNATURE_BYTES)
        elements = reader.bytes()
        batch = body[: reader.at]
        signature = reader.fixed(SIGNATURE_BYTES)
        require(reader.at == len(body), "malformed")

        require(self.key is not None, "not-ready")
        require(requester in self.requesters, "unknown-node")
        known = self.requesters[requester]
        message = to_sign(b"tvaers/v1/evaluate", self.study, batch)
        key = bytes.fromhex(known["verifying_key"])
        require(verifies(key, message, signature), "bad-signature")
        message = to_sign(b"tvaers/v1/population", self.study, commitment)
        require(verifies(key, message, commitment_signature) and node == requester, "bad-signature")
        require(index == self.key["index"] and index in known["quorum"], "not-a-holder")
        require(epoch == self.key["epoch"], "other-study")
        require(len(elements) > 0 and len(elements) % POINT_BYTES == 0, "malformed")
        request = digest(b"tvaers/v1/batch", batch)
        share = min(max(persons - sequence * BATCH_PERSONS, 0), BATCH_PERSONS)
        self.count(requester, sequence, request, len(elements) // POINT_BYTES, commitment, persons, share)

        blinded = [read_point(elements[i : i + POINT_BYTES]) for i in range(0, len(elements), POINT_BYTES)]
        share = int.from_bytes(bytes.fromhex(self.key["share"]), "little")
        evaluated, proof = evaluate(share, blinded)
        answer = request + with_length(b"".join(map(encode, evaluated))) + proof
        return answer + sign(self.signing_seed, to_sign(b"tvaers/v1/evaluated", self.study, answer))

    def count(self, requester, sequence, request, n, commitment, persons, share):
        require(self.committed.get(requester, commitment) == commitment, "replay")
        counted = self.counted[requester]
        before = counted.get(sequence)
        if before is None:
            so_far = sum(account["persons"] for account in counted.values())
            require(so_far + n <= persons <= self.requesters[requester]["quota"], "quota-exceeded")
            require(n <= share, "quota-exceeded")
            require(n == share, "malformed")
            counted[sequence] = {"request": request, "persons": n, "answers": 1}
            self.committed[requester] = commitment
        else:
            require(before["request"] == request and before["answers"] < ANSWERS_MAX, "replay")
            before["answers"] += 1


def read_point(data):
    try:
        point = decode(data)
    except NotAPoint:
        raise Refused("malformed") from None
    require(data != encode(IDENTITY), "malformed")
    return point


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        holder = Holder(json.load(file))

    def write(kind, body):
        sys.stdout.buffer.write(frame(kind, holder.roster, holder.study, body))

    def reject(refusal):
        write(REJECT, CODES[str(refusal)].to_bytes(2, "big"))

    try:
        while (body := read_frame(sys.stdin.buffer, holder.roster, holder.study)) is not None:
            try:
                write(EVALUATED, holder.answer(body))
            except Refused as refusal:
                reject(refusal)
    except Refused as refusal:
        # Where the next frame begins, nobody can tell after a header like this.
        reject(refusal)


if __name__ == "__main__":
    main()
