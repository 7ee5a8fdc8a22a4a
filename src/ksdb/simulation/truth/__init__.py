"""How well tracing finds what truly happened: invented outbreaks with known truth, and real contacts measured elsewhere."""
