"""Routes of outgoing webhooks: `endpoints.py` (who is told), `deliveries.py` (the log, and sending again). Operators with `ops`."""

from api.webhooks import deliveries, endpoints

routers = (endpoints.router, deliveries.reading, deliveries.sending)

__all__ = ["routers"]
