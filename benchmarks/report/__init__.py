"""What becomes of the results: a table, a JSON document, a picture, a page of the documentation."""
