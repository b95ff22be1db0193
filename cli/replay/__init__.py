"""`hanse replay-orders`: a marketplace's real orders, played through the shop's public HTTP API.

| file | thought |
|---|---|
| `files.py` | what the CSV files say, as it stands there |
| `script.py` | what is to be played: goods, prices over time, orders with their payments and ends; pure |
| `writing.py`, `draft.py`, `reviewing.py` | makes the script from the files; which reviews are posted |
| `differences.py` | what cannot be played as the files have it, with its money, reviews and stars |
| `people.py` | the made-up half of a buyer: name, street, phone, password |
| `shop.py` | one caller of the shop: log-in, repeats, refusals |
| `memory.py` | what was done already, so that an interrupted replay goes on |
| `stocking.py`, `buyers.py` | the shop before the first order: sellers, goods, fees, stock; buyers |
| `playing.py` | one order from its basket to its end |
| `stage.py` | all orders in their time, so many at once, with a live display |
| `comparing.py`, `rating.py`, `report.py` | what the shop says in the end beside what the files say |
"""
