"""The wire: packets, address space, subscriptions, streams. Pure: bytes in, bytes out."""
