"""ksdb: the open epidemic-control card system of a province."""
