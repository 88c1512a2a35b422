"""``manage.py doctor``: looks at every joint of an installation and says what to do about the bad ones.

findings.py         what a check finds
examination.py      all checks, each for a bounded time
…_checks.py         the checks, a file per family
report.py           the findings for people and for programs
"""
