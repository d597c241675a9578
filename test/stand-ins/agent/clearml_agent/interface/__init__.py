# The command line of the stand-in, where the real clearml-agent has it too.
