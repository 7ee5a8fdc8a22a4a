"""How a figure stands to its limit, said the same in every benchmark."""


def against(what: str, figure: str, limit: str, *, holds: bool) -> None:
    print(f"  {what:<44}{figure:>16}   {'within' if holds else 'MISSES'} the limit of {limit}", flush=True)
