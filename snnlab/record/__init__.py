"""What a run leaves behind: data sets with units and provenance."""
