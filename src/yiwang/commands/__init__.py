"""The commands, each read only when it is called: a command starts as fast as it can."""
