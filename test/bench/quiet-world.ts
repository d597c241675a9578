// A server and a cluster that respond at once with prepared texts about unchanged jobs.
import { noAudit } from '../support/no-audit.ts';
import { createMemoryHistory } from '../support/memory-history.ts';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { createQueues } from '../../src/clearml/queues.ts';
import type { Session } from '../../src/clearml/connection/session.ts';
import { QueueIdShape, TaskIdShape, type TaskId } from '../../src/clearml/ids.ts';
import { createTasks } from '../../src/clearml/change-tasks.ts';
import { Entry } from '../../src/daemon/journal/entry.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import type { Transport } from '../../src/transport/transport.ts';
import type { Logger } from '../../src/log/logger.ts';
import { createRateLimit } from '../../src/base/token-bucket.ts';
import { createCommandLineScheduler } from '../../src/slurm/run-slurm-commands.ts';
import { formatJobName } from '../../src/slurm/job-name.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { TYPICAL_TEMPLATE } from './typical-task.ts';
import { SLURM_COMMANDS } from '../support/slurm-command-names.ts';

export interface QuietWorld {
  readonly deps: DaemonDeps;
  /** What was written to the journal so far: nothing, as long as there is no news. */
  readonly writes: () => number;
  /** The number of calls to Slurm and ClearML so far. */
  readonly calls: () => {
    readonly slurm: number;
    readonly clearml: number;
    /** Of those, pages of a search for untracked tasks. */
    readonly searches: number;
  };
}

const WORKER = 'login1:slurm';
const ATTEMPT = 'lq2x0a9c7f3k';
const SERVED = QueueIdShape.parse('f'.repeat(32));
const SCHEDULER_QUEUE = QueueIdShape.parse('e'.repeat(32));
const HOUR_MS = 3_600_000;

/** The lists of jobs that Slurm returns in turn, if jobs change. */
const LISTS = 3;

/**
 * Half of the jobs wait, their tasks parked; the others run theirs.
 * @param changes how many jobs have another reason and another estimated start than in the last list; most jobs have none
 */
export function createQuietWorld(count: number, clock: Clock = systemClock, changes = 0): QuietWorld {
  const now = clock.now();
  const jobs = Array.from({ length: count }, (_, index) => ({
    task: TaskIdShape.parse((index % 16).toString(16) + index.toString(16).padStart(31, '0')),
    id: String(index + 1),
    isRunning: index % 2 === 1,
  }));
  type FakeJob = (typeof jobs)[number];
  const waiting = jobs.filter(({ isRunning }) => !isRunning);

  /** Of each list, the jobs that are next: of those that change, half were next in the last list, and half are in this one. */
  const next = Array.from({ length: LISTS }, (_, list) => {
    const half = Math.ceil(changes / 2);
    return new Set(waiting.slice(list * half, (list + 1) * half));
  });

  let writes = 0;
  let [slurm, clearml, searches] = [0, 0, 0];
  const entries = new Map<TaskId, Entry>(
    jobs.map(({ task, id }) => [
      task,
      Entry.parse({
        task,
        queue: SERVED,
        queueName: 'gpu',
        step: 'following',
        stepAt: now - HOUR_MS,
        attempt: ATTEMPT,
        attempts: 1,
        firstAttemptAt: now - HOUR_MS,
        jobId: id,
      }),
    ]),
  );

  function taskDocument({ task, id, isRunning }: FakeJob): object {
    return {
      id: task,
      name: `task ${id}`,
      status: isRunning ? 'in_progress' : 'queued',
      status_changed: new Date(now - HOUR_MS).toISOString(),
      last_update: new Date(now).toISOString(),
      user: 'fedcba9876543210fedcba9876543210',
      execution: { queue: SERVED },
      system_tags: [],
      ...(isRunning ? { last_worker: `${WORKER}:${id}` } : {}),
    };
  }

  /** What squeue would print for each of the letters of `--format`. */
  function squeueFields(job: FakeJob, list: number): Readonly<Record<string, string>> {
    const { task, id, isRunning } = job;
    const isNext = next[list]?.has(job) === true;
    const began = String(Math.floor((now - HOUR_MS) / 1000));
    return {
      A: id,
      i: id,
      T: isRunning ? 'RUNNING' : 'PENDING',
      r: isRunning ? 'None' : isNext ? 'Resources' : 'Priority',
      V: began,
      S: isRunning ? began : isNext ? String(Math.floor((now + (24 + list) * HOUR_MS) / 1000)) : 'N/A',
      e: 'N/A',
      P: 'gpu',
      N: isRunning ? `n${id}` : '',
      j: formatJobName(task, ATTEMPT),
    };
  }

  const squeueOf = Array.from({ length: changes === 0 ? 1 : LISTS }, (_, list) =>
    memoize((format: string) => {
      const fill = (fields: Readonly<Record<string, string>>): string =>
        `${format.replace(/%(\w)/g, (_match, letter: string) => fields[letter] ?? '')}\n`;
      return fill({ A: 'JOBID' }) + jobs.map((job) => fill(squeueFields(job, list))).join('');
    }),
  );
  const squeue = (format: string): string => squeueOf[slurm % squeueOf.length]?.(format) ?? '';
  const host: Transport = {
    name: 'nowhere',
    run({ program, args }) {
      slurm += 1;
      const format = args.find((arg) => arg.startsWith('--format='));
      if (program !== 'squeue' || format === undefined) return Promise.reject(notAtRest(program));
      const stdout = squeue(format.slice('--format='.length));
      return Promise.resolve({ exitCode: 0, killedBy: undefined, stdout, stderr: '' });
    },
    close: () => Promise.resolve(),
  };

  const replyAboutTasks = memoize((page: string) =>
    JSON.stringify({ tasks: jobs.slice(Number(page), Number(page) + 500).map(taskDocument) }),
  );
  const indexOf = (task: unknown): number => Number.parseInt(String(task).slice(1), 16);
  /** A page of a search that leaves out some thousands of tasks, in parts by the first digit of an id if they are more. */
  function replyToSearch(body: object): string {
    const { id = [], _any_: part, page } = body as { id?: string[]; _any_?: { pattern: string }; page: number };
    const leftOut = new Set(id.map((one) => one.slice(1)));
    const digit = part?.pattern.slice(1) ?? '';
    const found = jobs.filter(({ task }) => task.startsWith(digit) && !leftOut.has(task));
    return JSON.stringify({ tasks: found.slice(500 * page, 500 * (page + 1)).map(taskDocument) });
  }
  const parked = waiting.map(({ task }) => ({ task, added: new Date(now).toISOString() }));
  const last_update = new Date(now).toISOString();
  const served = { id: SERVED, name: 'gpu', last_update, entries: [] };
  const parkedIn = (entries: typeof parked): object => ({
    id: SCHEDULER_QUEUE,
    name: 'slurm_scheduler',
    last_update,
    entries,
  });
  const replyAboutServed = JSON.stringify({ queues: [served] });
  const replyAboutParked = JSON.stringify({ queues: [parkedIn(parked)] });
  const replyAboutQueues = JSON.stringify({ queues: [served, parkedIn(parked)] });
  const replyAboutHeads = JSON.stringify({ queues: [served, parkedIn(parked.slice(0, 1))] });
  const session: Session = {
    apiServer: 'http://nowhere',
    login: () => Promise.reject(notAtRest('auth.login')),
    // As it comes from the wire, and checked as it is there.
    call: (endpoint, body, { shape }) => {
      clearml += 1;
      return Promise.resolve(shape.parse(JSON.parse(answer(endpoint, body))));
    },
  };

  function answer(endpoint: string, body: object): string {
    if (endpoint === 'queues.get_all') {
      if ('max_task_entries' in body) return replyAboutHeads;
      const ids = 'id' in body ? [body.id].flat() : undefined;
      if (ids?.includes(SCHEDULER_QUEUE) === false) return replyAboutServed;
      return ids?.includes(SERVED) === false ? replyAboutParked : replyAboutQueues;
    }
    if (endpoint === 'organization.get_entities_count' && 'tasks' in body)
      return JSON.stringify({ tasks: (body.tasks as { readonly id: readonly string[] }).id.length });
    if (endpoint === 'tasks.get_by_id' && 'task' in body) {
      const asked = jobs[indexOf(body.task)];
      return JSON.stringify({ task: asked === undefined ? undefined : taskDocument(asked) });
    }
    if (endpoint !== 'tasks.get_all') throw notAtRest(endpoint);
    if ('page' in body) {
      searches += 1;
      return replyToSearch(body);
    }
    if ('status_changed' in body) return '{"tasks":[]}';
    // Of named tasks, the first one identifies the page, unless they are few.
    if ('id' in body && Array.isArray(body.id)) {
      const first = indexOf(body.id[0]);
      const isPage = first % 500 === 0 && body.id.length > 100;
      if (isPage) return replyAboutTasks(String(first));
      const named = body.id.map((id) => jobs[indexOf(id)]);
      return JSON.stringify({ tasks: named.flatMap((job) => (job === undefined ? [] : taskDocument(job))) });
    }
    throw notAtRest(endpoint);
  }

  const done = (): Promise<void> => Promise.resolve();
  const unknown = (): Promise<undefined> => Promise.resolve(undefined);
  return {
    writes: () => writes,
    calls: () => ({ slurm, clearml, searches }),
    deps: {
      clearml: {
        queues: createQueues(session, silentLog, () => undefined),
        // The console messages of the first pass count as logged.
        tasks: { ...createTasks(session, () => undefined), setStatusMessage: done },
        events: { log: done, logLater: done, flush: done, read: () => Promise.resolve([]) },
        workers: {
          register: done,
          report: done,
          unregister: done,
          find: () => Promise.resolve({ workers: [], isWhole: true }),
        },
        people: { user: unknown, project: unknown, all: () => Promise.resolve([]) },
        connect: () => Promise.reject(notAtRest('connect')),
        close: done,
      },
      scheduler: createCommandLineScheduler({
        host,
        commands: SLURM_COMMANDS,
        sbatchTimeoutMs: HOUR_MS,
        commandTimeoutMs: HOUR_MS,
        log: silentLog,
        randomToken: () => 'token',
      }),
      transport: host,
      jobLogs: { read: unknown },
      journal: {
        entries,
        setAside: undefined,
        write(entry) {
          writes += 1;
          entries.set(entry.task, entry);
          return Promise.resolve();
        },
        forget: (task) => Promise.reject(notAtRest(`forgetting ${task}`)),
        throwIfLost: () => undefined,
        close: done,
      },
      clock,
      log: silentLog,
      randomToken: () => 'token',
      worker: WORKER,
      mark: 'bench',
      rateLimit: createRateLimit({ perSecond: 10, burst: 20 }),
      peers: {
        row: () => ({ id: '', queues: [], tags: [] }),
        refresh: done,
        isOurs: () => true,
        mayAdopt: () => true,
        areAllKnown: () => true,
        heardAt: () => now,
        mayAdoptJobless: () => true,
        hasMetMark: () => true,
        isOfOtherCluster: () => false,
        hasMet: () => false,
        doPeersServe: () => false,
      },
      version: '0.0.0',
      queues: [{ id: SERVED, name: 'gpu', template: parseTemplate(TYPICAL_TEMPLATE, 'typical.template') }],
      orderFairness: false,
      schedulerQueue: SCHEDULER_QUEUE,
      cluster: {
        clusterName: 'nowhere',
        version: '22.05.8',
        minJobAgeMs: 300_000,
        messageTimeoutMs: 10_000,
        hasAccounting: false,
      },
      gracePeriods: {
        startMs: 2 * HOUR_MS,
        endMs: HOUR_MS,
        stopMs: HOUR_MS,
        abortCallbackMaxMs: HOUR_MS,
        absentMs: HOUR_MS,
      },
      adoptAfterMs: HOUR_MS / 12,
      job: {
        sharedDir: undefined,
        jobConf: '',
        python: undefined,
        agentVersion: '3.0.3',
        apiServer: '',
        publicConfig: {},
      },
      audit: noAudit,
      history: createMemoryHistory(),
      busy: new Set(),
    },
  };
}

const nothing = (): void => undefined;
const silentLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: fail };

/** What went wrong for one task would not end the round, and measured would be something else. */
function fail(message: string, { err }: { readonly err?: unknown } = {}): void {
  process.stderr.write(`${message}: ${String(err)}\n`);
  process.exitCode = 1;
}

function notAtRest(what: string): Error {
  return new Error(`this is no round without news: it came to ${what}`);
}

/** Made when it is first asked for, so that making it is not measured. */
function memoize(make: (key: string) => string): (key: string) => string {
  const made = new Map<string, string>();
  return (key) => {
    const text = made.get(key) ?? make(key);
    made.set(key, text);
    return text;
  };
}
