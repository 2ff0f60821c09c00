"""The tree against the roots that RFC 6962's implementations are held to, and its proofs."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from yiwang.security.evidence import model, notes
from yiwang.security.evidence.model import Hashing, Range
from yiwang.security.evidence.notes import BadNote, Head

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "60" * 16]
LEAVES[7] = "606162636465666768696a6b6c6d6e6f"
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SHA = Hashing("sha256")

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann {GO_SIGNATURE}\n"


def test_the_roots_are_those_of_certificate_transparency() -> None:
    leaves = [SHA.leaf(bytes.fromhex(one)) for one in LEAVES]
    tree = Range(SHA)
    for size, leaf in enumerate(leaves, 1):
        tree.push(leaf)
        assert tree.root().hex() == SHA.root(leaves[:size]).hex() == ROOTS[size - 1]
    assert Range(SHA).root().hex().startswith("e3b0c442")
    sm3 = Hashing("sm3")
    assert model.ALGORITHMS["sm3"](b"abc").hex().startswith("66c7f0f462eeedd9d1f2d46bdc10e4e2")
    assert len(sm3.root([sm3.leaf(b"a"), sm3.leaf(b"b")])) == 32


@pytest.mark.parametrize("algorithm", sorted(model.ALGORITHMS))
def test_proofs_hold_for_what_is_true_and_for_nothing_else(algorithm: str) -> None:
    hashing, most = Hashing(algorithm), 21
    leaves = [hashing.leaf(str(one).encode()) for one in range(most)]
    roots = [hashing.root(leaves[:size]) for size in range(most + 1)]

    def subtree(start: int, end: int) -> bytes:
        return hashing.root(leaves[start:end])

    for size in range(1, most + 1):
        for index in range(size):
            path = model.inclusion(index, size, subtree)
            proof = (hashing, leaves[index], index, size)
            assert model.included(*proof, path, roots[size])
            assert not model.included(*proof, path, roots[size - 1])
            assert not model.included(*proof, [*path, path[0] if path else b""], roots[size])
            assert not path or not model.included(*proof, path[:-1], roots[size])
            assert not model.included(
                hashing, leaves[index - 1], index, size, path, roots[size]
            ) or (size == 1)
        for old in range(1, size + 1):
            path = model.consistency(old, size, subtree)
            assert model.consistent(hashing, old, size, (roots[old], roots[size]), path)
            forged = hashing.root([*leaves[: old - 1], hashing.leaf(b"forged")])
            assert not model.consistent(hashing, old, size, (forged, roots[size]), path)
            assert old == size or not model.consistent(
                hashing, old, size, (roots[old], roots[size]), path[:-1]
            )


def test_notes_are_those_of_the_reference() -> None:
    known = notes.verifier(GO_KEY)
    assert str(known) == GO_KEY
    assert notes.opened(GO_NOTE, [known]) == GO_TEXT
    for forged in (GO_NOTE.replace("answer", "Answer"), GO_NOTE.replace("x08", "x09"), GO_TEXT):
        with pytest.raises(BadNote):
            notes.opened(forged, [known])
    for wrong in (GO_KEY[:-4], GO_KEY.replace("c74f", "c74e"), "", "a+b", GO_KEY + "é"):
        with pytest.raises(BadNote):
            notes.verifier(wrong)


def test_a_head_is_read_as_it_was_written() -> None:
    key = Ed25519PrivateKey.generate()
    head = Head("district.example/uses-1", 812, b"\x01" * 32, 1_700_000_000_000_000, "sm3")
    note = notes.sign(head.text(), head.origin, key)
    own = notes.Verifier(head.origin, key.public_key().public_bytes_raw())
    assert notes.head(notes.opened(note, [own])) == notes.unverified(note) == head
    for wrong in ("", "a\nb\nc\n", head.text() + "x", head.text().replace("812", "-12")):
        with pytest.raises(BadNote):
            notes.head(wrong)
