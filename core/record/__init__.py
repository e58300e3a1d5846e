"""The decision record: everything that a decision stands on, in one document that can be checked against the runs.

parts.py    what a record holds          gather.py   a record from run folders
pricing.py  prices as they were used     limits.py   what a record does not say
comparing.py  the tests against the best
page.py, page.html, page.css, words.py, tables.py: the document; svg.py, charts.py, money_chart.py its charts; pdf.py
prints it; files.py writes it
signing.py  the hash, and the record inside a document          verify.py, apart.py   a document against the run folders
"""
