"""The language of the business: what things are, and every rule that needs no input or output.

`shared/` holds what all domains speak (money, ids, time, refusals). Each domain then has only the files it needs:
`types` what it is, `rules` what is allowed (pure), `messages` what workflows say to each other, `events` facts that
happened, `errors` refusals with stable codes, `tables` how one database keeps it.
"""
