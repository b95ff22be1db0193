"""What each group of operations is about."""

TAGS: dict[str, str] = {
    "users": "Accounts: getting in, sessions, the address book, the second factor.",
    "products": "The catalogue as buyers see it: products, SKUs with price and live stock, categories, brands, merchants.",
    "search": "Finding products by words and filters, suggestions while typing, and what sells, is looked at or is new.",
    "catalogue": "The catalogue as operators with `catalogue` change it. Every edit names the version it was decided on (If-Match).",
    "promotions": "What runs now: rules that take something off by themselves. Quotes and carts say what they make of a basket.",
    "coupons": "Claiming coupons, your wallet, and what a coupon is worth in a basket.",
    "cart": "Carts of accounts and of visitors, priced on trial. Nothing in a cart is reserved.",
    "orders": "Placing, following and changing orders. An order is a durable workflow: it never stays half done.",
    "inventory": "Stock by warehouse and SKU, reservations, the journal. Reserving by hand is for other systems of the shop's owner.",
    "payments": "The cashier: channels, tries to pay, and what channels report.",
    "points": "Points: earned by completed orders, spent at checkout, and the ledger that explains them.",
    "reviews": "What buyers say about what they bought, and what readers say to that.",
    "refunds": "Money on its way back to where it came from.",
    "aftersales": "After the sale: money without a return, returns, exchanges. A case is a durable workflow with a timeline.",
    "reconciliations": "Our books held against the daily statements of payment channels.",
    "ledger": "The double-entry books of payments: balances at any moment, entries, chargebacks, adjustments.",
    "fulfillment": "Parcels: where they are and what moves them.",
    "operators": "What people of the shop see and do. Each operation takes a permission; each change is in the audit log.",
    "system": "Health, metrics and the contract of events; for machines.",
    "development": "For developers; not mounted in production.",
}
