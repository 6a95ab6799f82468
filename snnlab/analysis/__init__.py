"""Pure functions on arrays of spikes, and of synapses between sheets of neurons."""
