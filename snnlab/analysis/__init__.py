"""Pure functions on arrays of spikes."""
