"""The network and what it hears. Pure: arrays in, arrays out; knows nothing of OSC, sockets or clocks."""
