"""How well tracing finds what truly happened: outbreaks with known truth, and real contacts measured elsewhere."""
