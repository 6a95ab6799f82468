"""Programs that run a network once in an interpreter of its own; each stands alone."""
