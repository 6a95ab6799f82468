"""The tests of snnlab; a package, so that contracts can be imported from it."""
