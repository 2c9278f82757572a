"""What is particular to one host."""
