// Tracks one task as `execute` does, on the clock of a fixture.
import type { TaskId } from '../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { createPeers } from '../../src/daemon/poll/peers.ts';
import { trackOneTask, type OneTaskEnd } from '../../src/execute/track-one-task.ts';
import { LOCK } from '../daemon/run-daemon.ts';
import type { StepFixture } from '../daemon/step-fixture.ts';
import type { Disk } from '../simulation/memory-journal.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

/** The dependencies of the process; the same disk is the next call for the same task. */
export function depsOf(
  fixture: StepFixture,
  { life = 2, disk = { text: '' } }: { life?: number; disk?: Disk } = {},
): DaemonDeps {
  const who = { worker: 'login1:slurm:one', mark: 'zark1' };
  const peers = createPeers({ ...who, queues: [OWN_QUEUE], schedulerQueue: SCHEDULER_QUEUE });
  return { ...fixture.peer(life, disk), mark: who.mark, peers };
}

export interface Run {
  readonly ended: Promise<OneTaskEnd>;
  shown: number;
  stop(): void;
}

export function start(deps: DaemonDeps, task: TaskId): Run {
  const stop = new AbortController();
  const [queue] = deps.queues;
  if (queue === undefined) throw new Error('it has a queue');
  const run: Run = {
    shown: 0,
    stop: () => stop.abort(new Error('got SIGINT')),
    ended: trackOneTask(deps, {
      task,
      queue,
      intervals: { pollMs: 15_000, queueMs: 5_000 },
      stop: stop.signal,
      lock: LOCK,
      random: () => 1,
      show: () => {
        run.shown += 1;
        return Promise.resolve();
      },
    }),
  };
  return run;
}
