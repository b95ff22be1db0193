"""What is sold: merchants, categories, brands, products (SPU), their SKUs, prices and pictures."""
