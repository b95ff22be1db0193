"""What sagas do: one class a domain, do and undo side by side, dependencies by constructor.

An activity calls a store or an outside party and says nothing about order or compensation; that is the workflow's page.
Every activity is idempotent by a key known before it runs. Its registered name is `<domain>.<method>`.
"""
