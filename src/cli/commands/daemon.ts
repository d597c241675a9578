// Without a subcommand: serve ClearML queues by submitting their tasks to Slurm.
import { systemClock } from '../../base/clock.ts';
import { runDaemon } from '../../glue/daemon.ts';
import { takeLock } from '../../glue/lock.ts';
import { assemble, type Assembled, type Base } from '../assemble.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS, readBase } from '../common-options.ts';
import { EXIT } from '../exit-codes.ts';
import { pairQueues, readTemplates, type NamedQueue } from '../serve-queues.ts';
import { switchOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';

export const daemonCommand: Command = {
  name: undefined,
  describe: 'Serve ClearML queues by submitting their tasks to Slurm',
  options: {
    ...QUEUE_OPTIONS,
    'order-fairness': { type: 'boolean', describe: 'Take from the queues in turn, not by priority' },
    'create-queue': { type: 'boolean', describe: 'Create queues that do not exist' },
    once: { type: 'boolean', describe: 'Do one round of everything, then exit' },
    ...COMMON_OPTIONS,
  },
  async run(typed, around) {
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
  },
};

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
