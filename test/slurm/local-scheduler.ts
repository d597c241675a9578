// A scheduler whose commands run on this machine, in a folder of the test's own.
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createLocalTransport } from '../../src/transport/local-transport.ts';
import type { Logger } from '../../src/log/logger.ts';
import { createCommandLineScheduler } from '../../src/slurm/run-slurm-commands.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';

export interface LoggedLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly data: unknown;
}

export interface LocalSchedulerOptions {
  readonly folder: string;
  /** Where Slurm's commands are; else on the system's own PATH. */
  readonly commandsDir?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Receives what is logged. */
  readonly lines?: LoggedLine[];
}

export function createLocalScheduler({
  folder,
  commandsDir,
  variables = {},
  lines = [],
}: LocalSchedulerOptions): Scheduler {
  const host = createLocalTransport({
    path: commandsDir === undefined ? '/usr/bin:/bin' : `${commandsDir}:/usr/bin:/bin`,
    home: folder,
    user: userInfo().username,
    workingDirectory: folder,
    variables,
  });
  const note = (level: keyof Logger) => (message: string, data?: unknown) => void lines.push({ level, message, data });
  const place = (command: string): string => (commandsDir === undefined ? command : join(commandsDir, command));
  let token = 0;
  return createCommandLineScheduler({
    sbatchTimeoutMs: 180_000,
    commandTimeoutMs: 90_000,
    host,
    commands: {
      sbatch: place('sbatch'),
      squeue: place('squeue'),
      sacct: place('sacct'),
      scancel: place('scancel'),
      scontrol: place('scontrol'),
    },
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    randomToken: () => `mark${String((token += 1))}`,
  });
}
