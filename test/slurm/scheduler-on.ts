// A scheduler whose commands run on this machine, in a folder of the test's own.
import { userInfo } from 'node:os';
import { createLocalHost } from '../../src/host/local.ts';
import type { Logger } from '../../src/log/logger.ts';
import { createCliScheduler } from '../../src/slurm/cli-scheduler.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';

export interface LoggedLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly data: unknown;
}

export interface Setting {
  readonly folder: string;
  /** Before the system's own folders. */
  readonly path?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Receives what is logged. */
  readonly lines?: LoggedLine[];
}

export function schedulerOn({ folder, path, variables = {}, lines = [] }: Setting): Scheduler {
  const host = createLocalHost({
    path: path === undefined ? '/usr/bin:/bin' : `${path}:/usr/bin:/bin`,
    home: folder,
    user: userInfo().username,
    workingDirectory: folder,
    variables,
  });
  const note = (level: keyof Logger) => (message: string, data?: unknown) => void lines.push({ level, message, data });
  let token = 0;
  return createCliScheduler({
    host,
    commands: { sbatch: 'sbatch', squeue: 'squeue', sacct: 'sacct', scancel: 'scancel', scontrol: 'scontrol' },
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    randomToken: () => `mark${String((token += 1))}`,
  });
}
