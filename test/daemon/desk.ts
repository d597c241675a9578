// What single steps of the glue work with in their tests: the simulation's server and cluster, where every call goes as the test says.
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Task } from '../../src/clearml/task.ts';
import type { Glue } from '../../src/daemon/deps.ts';
import { createBackoff } from '../../src/daemon/submit/backoff.ts';
import { createWays, type Ways } from '../../src/daemon/submit/submission-pool.ts';
import { look, type View } from '../../src/daemon/poll/poll.ts';
import type { LogData, Logger } from '../../src/log/logger.ts';
import { createCluster, type Cluster } from '../simulation/cluster.ts';
import { createDaemonDeps } from '../simulation/daemon-deps.ts';
import type { Disk } from '../simulation/memory-journal.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulation/clock.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { createServer, type Server } from '../simulation/server.ts';
import type { CallRequest, PendingCalls, CallOutcome } from '../simulation/pending-calls.ts';
import { NOW } from './sightings.ts';

export interface Desk {
  readonly glue: Glue;
  readonly ways: Ways;
  /** Another daemon beside this one, or its next life on the same disk. */
  neighbour(number: number, disk?: Disk): Glue;
  readonly server: Server;
  readonly cluster: Cluster;
  readonly clock: SimulatedClock;
  /** Every call that was made, by its label. */
  readonly calls: string[];
  /** Every event that was logged above debug, as `level: sentence`. */
  readonly logged: string[];
  /** What stood beside each of these, the last time. */
  readonly facts: Map<string, LogData>;
  /** Decides how a call goes; what it leaves undefined is answered. */
  fate: (call: Pick<CallRequest<unknown>, 'endpoint' | 'kind' | 'task'>) => CallOutcome | 'never answered' | undefined;
  /** A new task, enqueued in our queue. */
  enqueued(number: number): Promise<TaskId>;
  look(): Promise<View>;
  read(task: TaskId): Promise<Task | undefined>;
  /** What the task's console was told. */
  said(task: TaskId): string[];
  /** The numbers of the tasks in a queue. */
  waiting(queue: string): number[];
}

export function createDesk(given: Partial<Glue> = {}): Desk {
  const clock = createSimulatedClock(NOW);
  const calls: string[] = [];
  const logged: string[] = [];
  const facts = new Map<string, LogData>();
  const pending: PendingCalls = {
    pending: new Set(),
    drop: () => undefined,
    async request({ label, effect, lost, ...call }) {
      calls.push(label);
      const way = desk.fate(call) ?? 'answered';
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
  function daemon(number: number, disk: Disk): Glue {
    const scheduler = cluster.schedulerOf(number);
    const made = createDaemonDeps({
      server,
      scheduler,
      clock,
      calls: pending,
      disk,
      life: number,
      number,
      isMisfit: () => false,
    });
    const log = recordingLog(logged, facts);
    return { ...made, clearml: server.clientOf(number, log), log };
  }
  const glue = { ...daemon(1, { text: '' }), ...given };

  const desk: Desk = {
    glue,
    ways: createWays(
      glue,
      createBackoff(() => 1),
    ),
    neighbour: (number, disk = { text: '' }) => daemon(number, disk),
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
    async look() {
      clock.pass(1_000);
      const view = await look(glue, new AbortController().signal);
      if (view === undefined) throw new Error('Slurm gave no list');
      clock.pass(1);
      return view;
    },
    read: async (task) => (await server.clientOf(1).tasks.read([task])).tasks.get(task),
    said: (task) => server.store.events.of(task).map((event) => String(event['msg'])),
    waiting: (queue) => (server.store.queues.get(queue)?.entries ?? []).map(({ task }) => Number(task)),
  };
  return desk;
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
