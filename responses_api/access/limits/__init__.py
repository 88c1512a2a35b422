"""How much a caller may use: requests and tokens per minute, responses at once, budgets.

rules.py        what may be used, by whom
standings.py    where a scope stands, and what does not fit (pure)
ledger.py       the counters: PostgreSQL or Redis, with one meaning
books.py        what was spent, as the table of usage says
reservations.py reserving, settling, looking
admission.py    one response: reserved once, settled once (for the event loop)
refusals.py     why it was refused, in OpenAI's words
headers.py      x-ratelimit-…
"""
