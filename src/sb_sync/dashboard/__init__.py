"""The staff pages, below `config/`: what staff watch and configure in a browser.

access: who may see what · organizations: which ones · forgery, policy: what protects a page · navigation, addresses:
the ways between pages · frame, pages: what is round them and beside them · filters, paging, csv_export: lists of any
length · sections: a folder per page. Pages read; what they change goes through `maintenance`, `config` and the
pipelines, as the commands and the API do.
"""

from __future__ import annotations
