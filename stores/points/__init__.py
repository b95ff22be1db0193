"""Points, in database `promotions`: a ledger of lots.

`book` is one buyer's points under lock; `spending` is what orders and refunds do, in the transaction of the caller that also
moves coupons. Everything locks the buyer's account first.
"""
