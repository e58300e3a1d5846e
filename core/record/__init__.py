"""The decision record: everything that a decision stands on, in one document that can be checked against the runs.

parts.py    what a record holds          gather.py   a record from run folders
pricing.py  prices as they were used     limits.py   what a record does not say
svg.py, charts.py, page.py, page.html, page.css: the document; pdf.py prints it
signing.py  the hash, and the record inside a document          verify.py   a document against the run folders
"""
