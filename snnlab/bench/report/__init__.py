"""Static pages of a store: no server, no script, nothing fetched from anywhere."""
