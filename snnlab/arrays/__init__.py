"""A network as flat arrays, whatever computes on them: numbers, layout, state in and out."""
