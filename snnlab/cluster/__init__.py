"""One network on many ranks: the only folder that imports mpi4py or ipyparallel."""
