# A stand-in for clearml-agent, for machines without the real one: standard library only, inline scripts only.
