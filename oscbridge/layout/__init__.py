"""Where every neuron lies: a force layout of the network's graph. Arrays in, arrays out."""
