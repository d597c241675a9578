# The words that the stand-in understands, in the form of the real agent's table: who looks for an option finds it here.

COMMANDS = {
    "execute": {
        "help": "Run one task, report it, and end",
        "args": {
            "--id": {"required": True, "help": "Id of the task"},
            "--full-monitoring": {"action": "store_true", "help": "Always on: accepted because the real agent needs it"},
            "--require-queue": {"action": "store_true", "help": "Don't run a task that is not queued"},
        },
    }
}
