"""Messages, blocks and CBOR: bytes to what they say, and back. No I/O, no clock."""
