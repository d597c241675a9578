// Serves ClearML queues until it is told to stop: reads what is to be served, takes the state folder, and runs the daemon.
import { systemClock } from '../../base/clock.ts';
import { runDaemon } from '../../glue/daemon.ts';
import { takeLock } from '../../glue/lock.ts';
import { assemble, type Assembled } from '../assemble.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
// What tells of the daemon's end is loaded at its start: by then its files may have been replaced by another version's.
import '../explain.ts';
import { readBase, type Base } from '../read-base.ts';
import { pairQueues, readTemplates, type NamedQueue } from '../serve-queues.ts';
import { switchOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';

/** @throws whatever keeps it from serving, each with a sentence in explain.ts's table */
export async function serve(typed: Typed, around: Surroundings): Promise<number> {
  const base = readBase(typed, around);
  const { slurm } = base.config.settings;
  try {
    if (slurm.singularityMode || slurm.srunDelegation) {
      throw new UsageProblem(
        'This version runs tasks on bare metal only: leave out --singularity-mode and --srun-delegation.',
      );
    }
    const named = pairQueues(slurm.queues, await readTemplates(slurm.templateFiles, around.workingDir));
    const lock = await takeLock(slurm.stateDir, around.hostName, systemClock.now());
    try {
      const assembled = await assemble(base, named, { createQueues: switchOption(typed, 'create-queue') ?? false });
      try {
        sayServing(base, named, assembled);
        const pace = { lookMs: slurm.pollIntervalMs, queueMs: slurm.queuePollIntervalMs };
        const once = switchOption(typed, 'once') ?? false;
        const end = await runDaemon(assembled.glue, { pace, once, stop: around.stop, lock });
        base.log.info('Stopped; jobs go on', { followed: assembled.glue.journal.entries.size });
        return end === 'done' ? EXIT.ok : EXIT.tryAgain;
      } finally {
        await assembled.close();
      }
    } finally {
      await lock.release();
    }
  } finally {
    await base.closeLog();
  }
}

function sayServing({ log }: Base, named: readonly NamedQueue[], { glue, server }: Assembled): void {
  log.info('Serving', {
    version: glue.version,
    queues: named.map(({ name, template }) => `${name}=${template.file}`).join(','),
    server: server.apiServer,
    cluster: glue.cluster.clusterName,
    slurm: glue.cluster.version,
    worker: glue.worker,
  });
  if (glue.journal.setAside !== undefined) {
    log.warn('The journal could not be read and was set aside; tasks and jobs are found again without it', {
      file: glue.journal.setAside,
    });
  }
}
