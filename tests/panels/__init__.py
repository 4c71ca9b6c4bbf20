"""Stand-ins for panels of other kinds: stateful, on a port of 127.0.0.1."""
