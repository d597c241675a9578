# The way to the server, where the real clearml-agent has it too.
