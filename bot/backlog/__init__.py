"""The backlog: what there is to do, which item comes next and why (B1–B5, B15).

Promises: the items' streams in the journal are the truth, tables are views of them; one item stands
for one thing, however many sources speak of it; every field says where it comes from.
Never: works on an item, writes to GitHub, or lets what Towpath does move a rank.
"""
