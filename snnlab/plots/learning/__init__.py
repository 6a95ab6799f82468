"""Pictures of training: curves, confusion, weights and rates; plain arrays and data sets in."""
