"""How an ear learns: sound prepared, contrastive training, probes. Knows nothing of OSC or of the daemon."""
