"""Learning on an NVIDIA GPU: the adjoint form of e-prop, equal to the CPU's to the bit."""
