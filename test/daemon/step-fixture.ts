// A fixture for single steps of the daemon: the simulated server and cluster, with a fate for every call.
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Task } from '../../src/clearml/task.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { createCanceller } from '../../src/daemon/reconcile/canceller.ts';
import { createAdopter, type Adopter } from '../../src/daemon/recover/adopt-untracked-task.ts';
import { createBackoff } from '../../src/daemon/submit/submission-backoff.ts';
import { createSubmissionPool, type SubmissionPool } from '../../src/daemon/submit/submission-pool.ts';
import { poll, type Snapshot } from '../../src/daemon/poll/poll.ts';
import type { LogData, Logger } from '../../src/log/logger.ts';
import { createCluster, type Cluster } from '../simulation/simulated-slurm.ts';
import { createDaemonDeps } from '../simulation/daemon-deps.ts';
import type { Disk } from '../simulation/memory-journal.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulation/clock.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { createServer, type Server } from '../simulation/server.ts';
import type { CallRequest, PendingCalls, CallOutcome } from '../simulation/pending-calls.ts';
import { NOW } from './decide/observations.ts';

export interface StepFixture {
  readonly deps: DaemonDeps;
  readonly pool: SubmissionPool;
  /** Another daemon, or a restart on the same disk. */
  peer(number: number, disk?: Disk): DaemonDeps;
  readonly server: Server;
  readonly cluster: Cluster;
  readonly clock: SimulatedClock;
  /** The labels of all calls. */
  readonly calls: string[];
  /** Every line logged above debug level, as `level: message`. */
  readonly logged: string[];
  /** The data of each of these, the last time. */
  readonly facts: Map<string, LogData>;
  /** Decides how a call goes; undefined means that it gets its response. */
  fate: (call: Pick<CallRequest<unknown>, 'endpoint' | 'kind' | 'task'>) => CallOutcome | 'never answered' | undefined;
  /** Creates a task and enqueues it in our queue. */
  enqueued(number: number): Promise<TaskId>;
  /** Creates a task and removes it from our queue, as a claim does. */
  claimed(number: number): Promise<TaskId>;
  /** Creates such a task in the scheduler queue. */
  parked(number: number): Promise<TaskId>;
  poll(): Promise<Snapshot>;
  read(task: TaskId): Promise<Task | undefined>;
  /** The messages in the task's console. */
  consoleOf(task: TaskId): string[];
  /** The numbers of the tasks in a queue. */
  waiting(queue: string): number[];
}

export function createStepFixture(overrides: Partial<DaemonDeps> = {}): StepFixture {
  const clock = createSimulatedClock(NOW);
  const calls: string[] = [];
  const logged: string[] = [];
  const facts = new Map<string, LogData>();
  const pending: PendingCalls = {
    pending: new Set(),
    drop: () => undefined,
    async request({ label, effect, lost, ...call }) {
      calls.push(label);
      const way = fixture.fate(call) ?? 'answered';
      if (way === 'never answered') return new Promise(() => undefined);
      if (way === 'not made') return lost(false);
      const answer = await effect();
      return way === 'answer lost' ? lost(true) : answer;
    },
  };
  const server = createServer(clock, pending, () => undefined);
  const cluster = createCluster(clock, pending);
  server.addQueue(OWN_QUEUE, 'own');
  server.addQueue(OTHER_QUEUE, 'other');
  server.addQueue(SCHEDULER_QUEUE, 'slurm_scheduler');
  function daemon(number: number, disk: Disk): DaemonDeps {
    const scheduler = cluster.schedulerOf(number);
    const made = createDaemonDeps({
      server,
      scheduler,
      clock,
      calls: pending,
      readLog: cluster.readLog,
      disk,
      incarnation: number,
      number,
      isMisfit: () => false,
    });
    const log = recordingLog(logged, facts);
    return { ...made, clearml: server.clientOf(number, log), log };
  }
  const deps = { ...daemon(1, { text: '' }), ...overrides };

  const fixture: StepFixture = {
    deps,
    pool: createSubmissionPool(
      deps,
      createBackoff(() => 1),
    ),
    peer: (number, disk = { text: '' }) => daemon(number, disk),
    server,
    cluster,
    clock,
    calls,
    logged,
    facts,
    fate: () => undefined,
    async enqueued(number) {
      const task = taskNumber(number);
      server.addTask(task, `task ${number}`);
      await server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
      clock.pass(1_000);
      return task;
    },
    async claimed(number) {
      const task = await fixture.enqueued(number);
      await server.call('queues.get_next_task', { queue: OWN_QUEUE });
      return task;
    },
    async parked(number) {
      const task = await fixture.claimed(number);
      await server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
      return task;
    },
    async poll() {
      clock.pass(1_000);
      const snapshot = await poll(deps, new AbortController().signal);
      if (snapshot === undefined) throw new Error('Slurm gave no list');
      clock.pass(1);
      return snapshot;
    },
    read: async (task) => (await server.clientOf(1).tasks.read([task])).tasks.get(task),
    consoleOf: (task) => server.store.events.of(task).map((event) => String(event['msg'])),
    waiting: (queue) => (server.store.queues.get(queue)?.entries ?? []).map(({ task }) => Number(task)),
  };
  return fixture;
}

export function taskNumber(number: number): TaskId {
  return String(number).padStart(32, '0') as TaskId;
}

function recordingLog(lines: string[], facts: Map<string, LogData>): Logger {
  const at =
    (level: string) =>
    (message: string, data: LogData = {}): void => {
      lines.push(`${level}: ${message}`);
      facts.set(`${level}: ${message}`, data);
    };
  return { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') };
}

/** What remains on the server if a user aborts a queued task at the moment in which it is popped: the task is queued, and in no queue. */
export async function popDuringAbort({ server }: StepFixture, task: TaskId): Promise<void> {
  await server.call('tasks.stop', { task });
  await server.call('queues.add_task', { queue: OWN_QUEUE, task, update_execution_queue: false });
  await server.call('queues.get_next_task', { queue: OWN_QUEUE });
}

/** An adopter outside a daemon, with its own canceller. */
export function adopterOf(deps: DaemonDeps): Adopter {
  return createAdopter(deps, createCanceller(deps));
}
