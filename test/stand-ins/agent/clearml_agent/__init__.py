# A stand-in for clearml-agent, for machines that can't get the real one: standard library only, inline scripts only.
