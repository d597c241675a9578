// One round of the real daemon, which goes on from each answer that it is given to its next call to the outside.
import type { z } from 'zod';
import type { Entry } from '../../src/glue/entry.ts';
import type { Glue } from '../../src/glue/glue.ts';
import type { JournalLine } from '../../src/glue/journal-lines.ts';
import type { Session } from '../../src/clearml/session.ts';
import type { Scheduler } from '../../src/slurm/scheduler.ts';
import { silentLog } from '../glue/simulation/silent-log.ts';
import { toApi } from './api-form.ts';
import { differsInWordsOnly, fromValue, toValue, type ClockReading, type JournalValue } from './journal-value.ts';
import type { Program } from './program.ts';
import type { Answer } from './server-rules.ts';
import { showList, showOutcome, showRecord, type SlurmAnswer, type SlurmCall } from './slurm-rules.ts';
import { QUEUE_IDS, TASK_ID, type ServerCall } from './world.ts';

/** How a round began: together with the answers since, it is all that a daemon's memory follows from. */
export interface Beginning {
  readonly daemon: number;
  readonly journal: JournalValue;
  /** Jobs that had been made: a later attempt has a later name. */
  readonly made: number;
  /** Whether everything that is remembered or stands on the server is long ago, or of a moment ago. */
  readonly isLongAfter: boolean;
}

export type OutsideCall =
  | { readonly to: 'server'; readonly call: ServerCall; readonly isRepeated: boolean }
  | { readonly to: 'slurm'; readonly call: SlurmCall }
  | { readonly to: 'journal'; readonly value: JournalValue };

export interface PendingCall {
  readonly seq: number;
  readonly call: OutsideCall;
}

export type Reply =
  { readonly server: Answer } | { readonly slurm: SlurmAnswer } | { readonly journal: true } | { readonly lost: true };

export type Event = { readonly seq: number; readonly reply: Reply } | { readonly wakes: true };

/** Where a round has come to. */
export interface Moment {
  /** What it waits for; nothing when the round is over. */
  readonly pending: readonly PendingCall[];
  /** What is on disk. */
  readonly journal: JournalValue;
  /** The loop sleeps, though a submission may be under way. */
  readonly isAsleep: boolean;
  readonly death: string | undefined;
}

/**
 * Calls that are answered at once, and are no moments at which anybody else moves: they change nothing from which anybody,
 * daemon, server, job or judge, decides anything.
 */
const APART: Readonly<Record<string, unknown>> = {
  // Console lines are for people.
  'events.add_batch': { added: 1, errors: 0 },
  // The row on the page of workers.
  'workers.register': {},
  'workers.status_report': {},
  'workers.unregister': {},
  'workers.get_all': { workers: [] },
  // What a template's variables are filled from.
  'users.get_by_id': { user: {} },
  'projects.get_by_id': { project: {} },
  // The order in a queue, where there is one task.
  'queues.move_task_to_front': { position: 0 },
};

const FACTS = {
  clusterName: 'c1',
  version: '22.05.8',
  minJobAgeMs: 300_000,
  messageTimeoutMs: 10_000,
  killWaitMs: 30_000,
  hasAccounting: true,
};

const FIRST_ROUND_AT = 1_800_000_000_000;
/** Longer than every grace. */
const LONG_MS = 1_000_000_000;
const ROUNDS_APART_MS = 10 * LONG_MS;

/** A daemon at work, in memory: it can only go on, and not be copied. */
export interface LiveRound {
  moment(): Moment;
  take(event: Event): Promise<void>;
}

export async function beginRound(program: Program, beginning: Beginning): Promise<LiveRound> {
  const { daemon, made, isLongAfter } = beginning;
  const startedAt = FIRST_ROUND_AT + made * ROUNDS_APART_MS;
  const reading: ClockReading = isLongAfter
    ? { earlier: 1, serverOffset: 0 }
    : { earlier: startedAt - 1, serverOffset: startedAt - 1_000 };
  let nowAt = startedAt;
  let seq = 0;
  let tokens = 0;
  let death: string | undefined;
  const waiting = new Map<number, { readonly call: OutsideCall; readonly answer: (reply: Reply) => void }>();
  const sleepers = new Set<() => void>();

  function ask(call: OutsideCall): Promise<Reply> {
    return new Promise((answer) => {
      waiting.set(seq, { call, answer });
      seq += 1;
    });
  }

  const entries = new Map<Entry['task'], Entry>();
  const first = fromValue(beginning.journal, reading);
  const text = first === undefined ? '' : program.formatJournal({ entry: first });
  const disk = program.readJournal(text);
  if (disk.kind === 'read') for (const [task, entry] of disk.entries) entries.set(task, entry);
  const journal = (): JournalValue => toValue(entries.get(TASK_ID), reading);

  async function append(line: JournalLine): Promise<void> {
    const value = 'entry' in line ? toValue(line.entry, reading) : '';
    if (!differsInWordsOnly(value, journal()) && 'lost' in (await ask({ to: 'journal', value }))) {
      throw new Error('no space left on device');
    }
    program.applyLine(entries, line);
  }

  const session: Session = {
    apiServer: 'http://api',
    login: () => Promise.reject(new Error('nobody logs in here')),
    async call<Shape extends z.ZodType>(
      endpoint: string,
      body: unknown,
      rules: { readonly shape: Shape; readonly idempotent: boolean },
    ) {
      const apart = APART[endpoint];
      if (apart !== undefined) return rules.shape.parse(apart);
      const call: ServerCall = { endpoint, body: body as ServerCall['body'] };
      const reply = await ask({ to: 'server', call, isRepeated: rules.idempotent });
      if (!('server' in reply)) throw new program.ServerUnreachable(`no usable answer to ${endpoint}`, true);
      return rules.shape.parse(toApi(reply.server, endpoint, reading.serverOffset, program));
    },
  };

  const askSlurm = async (call: SlurmCall): Promise<SlurmAnswer> => {
    const reply = await ask({ to: 'slurm', call });
    return 'slurm' in reply ? reply.slurm : { isLost: true };
  };
  const scheduler: Scheduler = {
    facts: () => Promise.resolve(FACTS),
    submit: async ({ jobName, script }) =>
      showOutcome(await askSlurm({ what: 'submit', name: jobName, worker: script })),
    list: async () => showList(await askSlurm({ what: 'list' })),
    // All jobs are one user's.
    listEverybodys: async () => showList(await askSlurm({ what: 'list' })),
    lookUp: async (names) => showList(await askSlurm({ what: 'look up', names })),
    async record(id) {
      const answer = await askSlurm({ what: 'record', id });
      if ('isLost' in answer) throw new program.SlurmUnavailable('scontrol show job failed');
      return showRecord(answer);
    },
    async cancel(ids) {
      await askSlurm({ what: 'cancel', ids });
    },
  };

  const clock: Glue['clock'] = {
    now: () => nowAt,
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        sleepers.add(resolve);
        signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      }),
  };

  const glue: Glue = {
    clearml: {
      queues: program.createQueues(session, silentLog),
      tasks: program.createTasks(session),
      events: program.createEvents(session, { clock, log: silentLog }),
      workers: program.createWorkers(session, clock),
      people: program.createPeople(session),
      connect: () => Promise.reject(new Error('nobody connects here')),
      close: () => Promise.resolve(),
    },
    scheduler,
    host: {
      name: 'this machine',
      run: () => Promise.reject(new Error('no files here')),
      close: () => Promise.resolve(),
    },
    journal: {
      entries,
      setAside: undefined,
      write: (entry) => append({ entry }),
      forget: (task) => (entries.has(task) ? append({ forget: task }) : Promise.resolve()),
      close: () => Promise.resolve(),
    },
    clock,
    log: silentLog,
    randomToken: () => `${String((tokens += 1)).padStart(2, '0')}${daemon}0`,
    worker: `login${daemon}:slurm`,
    mark: `mark${daemon}`,
    // Each takes the other for dead, and follows everything: what daemons at odds may do at most.
    neighbours: {
      row: () => ({ id: `login${daemon}:slurm`, queues: [], tags: [] }),
      look: () => Promise.resolve(),
      isOurs: () => true,
    },
    version: '0.1.0',
    queues: [
      {
        id: QUEUE_IDS.own,
        name: 'own',
        // All that the cluster here needs to know of a script.
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
    submitsPerSecond: 1_000,
    graces: { startMs: 300_000, endMs: 60_000, stopMs: 60_000, absentMs: 120_000 },
    adoptMs: 60_000,
    job: {
      sharedDir: undefined,
      jobConf: '{}',
      python: undefined,
      agentVersion: '3.0.3',
      apiServer: 'http://api',
      publicConfig: {},
    },
    busy: new Set(),
  };

  const options = {
    pace: { lookMs: 15_000, queueMs: 15_000 },
    once: false,
    stop: new AbortController().signal,
    lock: { touch: () => Promise.resolve(), release: () => Promise.resolve() },
    random: () => 0.5,
  };
  program.runDaemon(glue, options).then(
    () => (death = 'the daemon ended by itself'),
    (error: unknown) => (death = `the daemon died of ${String(error)}`),
  );
  await settle();

  return {
    async take(event) {
      if ('wakes' in event) {
        nowAt += LONG_MS;
        const awake = [...sleepers];
        sleepers.clear();
        for (const wake of awake) wake();
      } else {
        const one = waiting.get(event.seq);
        waiting.delete(event.seq);
        one?.answer(event.reply);
      }
      await settle();
    },
    moment: () => ({
      pending: [...waiting].map(([number, { call }]) => ({ seq: number, call })),
      journal: journal(),
      // The presence sleeps as well, always.
      isAsleep: sleepers.size > 1,
      death,
    }),
  };
}

/** Everything that promises can do until somebody waits for the outside. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
