"""The language of reviews: what buyers say about what they bought, and how it is read before others see it.

`folding.py` brings a text into the form in which words are looked for, `moderation.py` finds them and judges.
"""
