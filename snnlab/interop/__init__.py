"""snnlab and other words: one file per format."""
