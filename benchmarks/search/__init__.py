"""How well and how fast goods are found: a catalogue made from a seed, questions with what each of them means, figures.

`catalogue.py` makes the goods, `questions.py` holds what is asked and what it means, `judging.py` compares, `measuring.py` runs,
`__main__.py` prints (`make bench-search`).
"""
