"""The codec: pure functions from bytes to reports and back."""
