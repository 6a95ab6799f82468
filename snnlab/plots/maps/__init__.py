"""Plots of maps between sheets of neurons: of the synapses as they are, and of how they became so.

Plots take a `MapState`, or a session and the name of a projection; `MapSampler` follows a run.
"""
