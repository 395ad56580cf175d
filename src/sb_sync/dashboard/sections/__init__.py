"""A folder for each page: its address, its view, its forms, and its queries."""
