// The dependencies of a daemon under search: its own code, and an environment that the search controls.
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { createRateLimit } from '../../src/base/token-bucket.ts';
import { noAudit } from '../support/no-audit.ts';
import { createMemoryHistory } from '../support/memory-history.ts';
import { silentLog } from '../support/silent-log.ts';
import { GRACE_PERIODS, JOB_SETTINGS } from '../support/simulated-values.ts';
import { createModelScheduler, FACTS } from './model-scheduler.ts';
import { createModelSession } from './model-session.ts';
import type { Ask } from './outside-calls.ts';
import type { Program } from './program.ts';
import { QUEUE_IDS } from './world.ts';

interface ModelContext extends Pick<DaemonDeps, 'clock' | 'journal'> {
  /** The number of the daemon. */
  readonly daemon: number;
  /** The offset added to the server's stamps. */
  readonly serverOffset: number;
}

export function createModelDeps(
  program: Program,
  ask: Ask,
  { clock, journal, daemon, serverOffset }: ModelContext,
): DaemonDeps {
  const session = createModelSession(program, ask, serverOffset);
  const nothing = (): void => undefined;
  let tokens = 0;
  return {
    clearml: {
      queues: program.createQueues(session, silentLog, nothing),
      tasks: program.createTasks(session, nothing),
      // Lines that may wait are sent with the next line that may not: they change no state.
      events: program.createEvents(session, {
        clock: { ...clock, sleep: () => new Promise(nothing) },
        log: silentLog,
        reportUnreadable: nothing,
      }),
      workers: program.createWorkers(session, clock, nothing),
      people: program.createPeople(session),
      connect: () => Promise.reject(new Error('no connection in the model')),
      close: () => Promise.resolve(),
    },
    scheduler: createModelScheduler(program, ask),
    transport: {
      name: 'this machine',
      run: () => Promise.reject(new Error('no files here')),
      close: () => Promise.resolve(),
    },
    jobLogs: {
      read: (record) =>
        Promise.resolve(
          record?.outputPath === undefined
            ? undefined
            : { kind: 'read', path: record.outputPath, tail: 'killed before its line\n', isWhole: true },
        ),
    },
    journal,
    clock,
    log: silentLog,
    randomToken: () => `${String((tokens += 1)).padStart(2, '0')}${daemon}0`,
    worker: `login${daemon}:slurm`,
    mark: `mark${daemon}`,
    // Each daemon considers the other dead and tracks everything: the worst case for peers.
    peers: {
      row: () => ({ id: `login${daemon}:slurm`, queues: [], tags: [] }),
      refresh: () => Promise.resolve(),
      isOurs: () => true,
      mayAdopt: () => true,
      areAllKnown: () => true,
      mayAdoptJobless: () => true,
      hasMetMark: () => true,
      isOfOtherCluster: () => false,
      hasMet: () => daemon > 1,
      doPeersServe: () => daemon > 1,
      // Without a heartbeat, each poll reads everything: a pass of the model depends on no earlier one.
      heardAt: () => undefined,
    },
    version: '0.1.0',
    queues: [
      {
        id: QUEUE_IDS.own,
        name: 'own',
        // All of a script that this cluster needs.
        resubmitOnTimeout: 1,
        template: {
          file: 'a.template',
          agent: { file: 'a.template', line: 1, column: 1, command: [] },
          render: ({ workerId }) => ({ script: workerId, uses: [] }),
        },
      },
    ],
    orderFairness: false,
    schedulerQueue: QUEUE_IDS.scheduler,
    cluster: FACTS,
    rateLimit: createRateLimit({ perSecond: 1_000, burst: 2_000 }),
    gracePeriods: GRACE_PERIODS,
    adoptAfterMs: 60_000,
    job: JOB_SETTINGS,
    audit: noAudit,
    history: createMemoryHistory(),
    busy: new Set(),
  };
}
