"""The demo shop: what `hanse up` and `hanse seed` fill an empty shop with.

`goods.py` and `goods.csv` say what is sold, `pictures.py` draws it, `offers.py` what is taken off, `people.py` who may log
in, `load.py` puts it all where it belongs.
"""

from cli.demo_data.load import load

__all__ = ["load"]
