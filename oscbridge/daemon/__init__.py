"""The shell: processes, sockets, sound devices, files and time."""
