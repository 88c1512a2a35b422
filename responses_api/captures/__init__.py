"""What content of an exchange is kept, where an operator has asked for it, and in which form. Pure.

Five panes: per exchange the client's request and what the client was sent; per upstream call
the language server's request, what was sent in its place, and the upstream's answer.
``cleaning`` takes out what must never be kept, ``recording`` collects and bounds, ``panes`` is
the form at rest. ``responses_api.storage.captures`` writes and reads the rows.
"""
