"""The codec: bytes to frames to what they say, and back. No I/O, no clock."""
