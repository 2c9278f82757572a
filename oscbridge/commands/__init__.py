"""The bodies of the commands: what a terminal shows."""
