// Slurm for a daemon under search: each command is a step of the search.
import type { EndDetails, JobFigures, JobId, Scheduler } from '../../src/slurm/scheduler.ts';
import type { Ask } from './outside-calls.ts';
import type { Program } from './program.ts';
import { workerOf } from '../support/simulated-values.ts';
import { showList, showOutcome, showRecord, type SlurmAnswer, type SlurmCall } from './slurm-rules.ts';

export const FACTS = {
  clusterName: 'c1',
  version: '22.05.8',
  minJobAgeMs: 300_000,
  messageTimeoutMs: 10_000,
  hasAccounting: true,
};

export function createModelScheduler(program: Program, ask: Ask): Scheduler {
  const askSlurm = async (call: SlurmCall): Promise<SlurmAnswer> => {
    const reply = await ask({ to: 'slurm', call });
    return 'slurm' in reply ? reply.slurm : { isLost: true };
  };

  return {
    facts: () => Promise.resolve(FACTS),
    submit: async ({ jobName, script }) =>
      showOutcome(await askSlurm({ what: 'submit', name: jobName, worker: workerOf(script) })),
    list: async () => showList(await askSlurm({ what: 'list' })),
    // All jobs belong to one user.
    listAllUsers: async () => showList(await askSlurm({ what: 'list' })),
    sizes: () => Promise.resolve(() => undefined),
    lookUp: async (names) => showList(await askSlurm({ what: 'look up', names })),
    async record(id) {
      const answer = await askSlurm({ what: 'record', id });
      if ('isLost' in answer) throw new program.SlurmUnavailableError('scontrol show job failed');
      return showRecord(answer);
    },
    // The cluster of the model has no accounting.
    endDetails: () => Promise.resolve(new Map<JobId, EndDetails>()),
    figures: () => Promise.resolve(new Map<JobId, JobFigures>()),
    async cancel(jobs) {
      await askSlurm({ what: 'cancel', jobs: jobs.map(({ id, name }) => ({ id, name })) });
    },
  };
}
