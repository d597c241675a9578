// Loads the program under search: from the source, or from a copy without a rule.
import { pathToFileURL } from 'node:url';
import type * as Daemon from '../../src/daemon/reconcile-loop.ts';
import type * as Errors from '../../src/clearml/errors.ts';
import type * as Events from '../../src/clearml/console-events.ts';
import type * as JournalLines from '../../src/daemon/journal/journal-lines.ts';
import type * as People from '../../src/clearml/read-users-and-projects.ts';
import type * as Queues from '../../src/clearml/queues.ts';
import type * as SlurmErrors from '../../src/slurm/errors.ts';
import type * as Tasks from '../../src/clearml/change-tasks.ts';
import type * as Workers from '../../src/clearml/workers.ts';

export interface Program
  extends
    Pick<typeof Daemon, 'runDaemon'>,
    Pick<typeof JournalLines, 'formatJournal' | 'parseJournal' | 'applyLine'>,
    Pick<typeof Queues, 'createQueues'>,
    Pick<typeof Tasks, 'createTasks'>,
    Pick<typeof Events, 'createEvents'>,
    Pick<typeof Workers, 'createWorkers'>,
    Pick<typeof People, 'createPeople'>,
    Pick<typeof Errors, 'LostRaceError' | 'ServerRefusedError' | 'ServerUnreachableError'>,
    Pick<typeof SlurmErrors, 'SlurmUnavailableError'> {}

const FILES = [
  'daemon/reconcile-loop.ts',
  'daemon/journal/journal-lines.ts',
  'clearml/queues.ts',
  'clearml/change-tasks.ts',
  'clearml/console-events.ts',
  'clearml/workers.ts',
  'clearml/read-users-and-projects.ts',
  'clearml/errors.ts',
  'slurm/errors.ts',
];

/** @param folder with `daemon`, `clearml` and `slurm` */
export async function loadProgram(folder: string): Promise<Program> {
  let program = {};
  for (const file of FILES)
    program = { ...program, ...((await import(pathToFileURL(`${folder}/${file}`).href)) as object) };
  return program as Program;
}
