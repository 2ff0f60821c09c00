"""``python -m yiwang``."""

from yiwang.cli import main

main(prog_name="yiwang")
