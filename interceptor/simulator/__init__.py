"""A small server that speaks the Gemini protocol: the upstream of demos, tests and benchmarks.

It checks requests as strictly as Google does and answers from a script that the prompt
itself can steer (``docs/simulator.md`` lists the directives). It never reaches the network.

Pure parts: ``validation`` and ``rules`` (body -> refusal), ``prompt`` and ``directives``
(body -> what is asked for), ``answer`` and ``script`` (-> chunks). I/O: ``app``, ``server``, ``tls``.
"""
