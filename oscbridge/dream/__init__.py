"""Sounds that make neurons answer: the input of the network is optimised. Pure: arrays in, arrays out."""
