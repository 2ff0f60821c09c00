"""The codec: pure functions from bytes to messages and back."""
