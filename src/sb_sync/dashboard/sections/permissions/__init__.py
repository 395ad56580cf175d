"""The pages of rights: which group may push and pull which model, and which rows of it.

matrix: models beside groups · cells: the matrix as markup · saving: what its script saves · model_rights: one model, as
a form · copying: one group's rights to another · row_filters, editor: who sees which rows · inspector, steps: why a
user may do what. forms: what pages are sent · queries: what they read.
"""
