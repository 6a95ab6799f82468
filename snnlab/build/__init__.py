"""A network becomes arrays: blocks, partitions and rows of synapses."""
