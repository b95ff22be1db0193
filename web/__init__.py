"""The storefront and the operations console: pages for a browser, on top of the api.

`app.py` builds the one application that serves both, `pages.py` the pages and their files, `session.py` a browser's log-in.
What a page shows and does goes through the public HTTP api; nothing here reaches a store.
"""
