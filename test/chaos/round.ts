// Plays one round: injects faults and user acts, waits until every task has ended, and checks each task.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJournal } from '../../src/daemon/journal/journal-lines.ts';
import type { TestBed } from './test-bed.ts';
import { QUEUES, readTraces, type InjectedFault, type Found, type TaskHistory } from './observed-history.ts';
import { INJECTORS } from './fault-injectors.ts';
import { checkHistory, type CheckResult } from './oracle.ts';
import { checkShares, type SharedResult } from './check-shares.ts';
import { ownerInTurn, type Owner } from './shared-service.ts';
import type { FaultKind, Nature, RoundPlan } from './schedule.ts';
import { taskFor } from './programs.ts';
import { recoveriesMs } from './recovery.ts';
import { createRest, type RestSample } from './at-rest.ts';
import { POLLS_FILE, readPolls, readRecord, RECORD_FILE, type ServerCall } from './server-record.ts';
import { createLocks, type RoundContext } from './round-context.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Watch } from './job-watch.ts';

export interface CheckedTask {
  readonly history: TaskHistory;
  readonly result: CheckResult;
}

export interface RoundEnd {
  readonly checked: readonly CheckedTask[];
  readonly kills: ReadonlyMap<FaultKind, number>;
  /** From the last fault until everything was at rest; undefined if that never happened. */
  readonly restAfterMs: number | undefined;
  /** From each death of a daemon until it had recovered, if that can be determined. */
  readonly recoveriesMs: readonly number[];
  /** Set for a shared service. */
  readonly shares?: SharedResult | undefined;
}

/**
 * Longer than any correct operation takes after the last fault, even on a loaded machine. The longest one: a parked task whose journal
 * was lost before it had a job may wait five minutes for the next list of all users' jobs.
 */
const STILL_MS = 900_000;
const LONGEST_SETTLING_MS = 2_700_000;
/** Longer than slurmctld waits after its start before it considers a job missing. */
const REGISTER_EVERY_MS = 20_000;
const LOOK_EVERY_MS = 1_000;
/** Gives an agent minutes for what takes seconds on an idle machine. */
const PATIENT_LEEWAY = 30;
const AT_REST = new Set(['completed', 'failed', 'stopped', 'created', 'published', 'closed']);

export async function playRound(bed: TestBed, watch: Watch, plan: RoundPlan): Promise<RoundEnd> {
  const natures = new Map<string, Nature>();
  const owners = new Map<string, Owner>();
  const tasks: string[] = [];
  const faults: InjectedFault[] = [];
  const kills = new Map<FaultKind, number>();
  const context: RoundContext = {
    bed,
    watch,
    tasks,
    locks: createLocks(bed.daemons.length),
    note(fault) {
      const index = faults.push({ at: Date.now(), ...fault }) - 1;
      return {
        over() {
          const begun = faults[index];
          if (begun !== undefined) faults[index] = { ...begun, until: Date.now() };
        },
      };
    },
    countKill: (what) => void kills.set(what, (kills.get(what) ?? 0) + 1),
  };
  const keeper = keepDaemonsUp(context);
  const beganAt = Date.now();

  async function at(atMs: number, work: () => Promise<void>): Promise<void> {
    await sleep(Math.max(0, beganAt + atMs - Date.now()));
    await work();
  }

  const coming = plan.tasks.map((planned, index) =>
    at(planned.atMs, () =>
      context.locks.server(async () => {
        const owner = bed.shared === undefined ? undefined : ownerInTurn(bed.shared, index);
        const task = await (owner?.user ?? bed.user).makeTask(taskFor(planned, bed.traceFile));
        if (owner !== undefined) owners.set(task, owner);
        natures.set(task, planned.nature);
        tasks.push(task);
        await bed.user.enqueue(task, bed.servedQueue);
      }),
    ),
  );
  const injected = plan.faults.map((planned) => at(planned.atMs, () => INJECTORS[planned.what](context, planned)));
  let restAfterMs: number | undefined;
  try {
    await Promise.all([...coming, ...injected]);
    restAfterMs = await waitForRest(bed, watch, tasks);
  } finally {
    await keeper.stop();
  }

  const calls = readRecord(await readFile(join(bed.folder, RECORD_FILE), 'utf8'));
  const histories = await readHistories({ bed, watch, natures, owners, faults, calls });
  const shares =
    bed.shared === undefined
      ? undefined
      : checkShares({
          calls,
          polls: readPolls(await readIfThere(join(bed.folder, POLLS_FILE))),
          faults,
          samples: watch.samplesSince(beganAt),
          servedQueue: bed.servedQueue,
          limits: bed.shared.limits,
          ownerOf: (task) => owners.get(task)?.name,
        });
  return {
    checked: histories.map((history) => {
      const result = checkHistory(history);
      return { history, result: { ...result, wrong: [...result.wrong, ...(shares?.wrong.get(history.task) ?? [])] } };
    }),
    shares,
    kills,
    restAfterMs,
    recoveriesMs: recoveriesMs(faults, calls),
  };
}

/** Restarts a daemon that has ended by itself after a second, as systemd does. */
function keepDaemonsUp({ bed, locks, note }: RoundContext): { stop(): Promise<void> } {
  let isOver = false;
  async function keep(): Promise<void> {
    while (!isOver) {
      await sleep(1_000);
      for (const [index, daemon] of bed.daemons.entries()) {
        await locks.daemons[index]?.(async () => {
          if (isOver || daemon.isRunning()) return;
          note({ what: 'other', words: `${daemon.name} ended by itself and is restarted` });
          await daemon.start();
        });
      }
    }
  }
  const keeping = keep();
  return {
    async stop() {
      isOver = true;
      await keeping;
    },
  };
}

/** Returns the milliseconds until the round is at rest; undefined if nothing happens any more and it is not at rest. */
async function waitForRest(bed: TestBed, watch: Watch, tasks: readonly string[]): Promise<number | undefined> {
  const from = Date.now();
  const restAt = createRest(from, { stillMs: STILL_MS, longestMs: LONGEST_SETTLING_MS });
  let registerAt = from + REGISTER_EVERY_MS;
  for (;;) {
    const state = await restOf(bed, watch, tasks).catch(() => undefined);
    const rest = restAt(Date.now(), { state, ...(await activityOf(bed, watch, tasks)) });
    if (rest.kind === 'at rest') return rest.sinceMs;
    if (rest.kind === 'never') return undefined;
    if (state === undefined && Date.now() > registerAt) {
      await watch.letNodesRegister();
      registerAt = Date.now() + REGISTER_EVERY_MS;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function activityOf(
  { folder, traceFile, daemons }: TestBed,
  watch: Watch,
  tasks: readonly string[],
): Promise<Omit<RestSample, 'state'>> {
  const journals = await Promise.all(daemons.map(({ journal }) => readIfThere(journal)));
  const polls = readPolls(await readIfThere(join(folder, POLLS_FILE)));
  const record = await readIfThere(join(folder, RECORD_FILE));
  const traces = await readIfThere(traceFile);
  const jobs = tasks.flatMap((task) => watch.seenOf(task).length);
  return {
    activity: [record.length, traces.length, ...jobs, ...journals].join(' '),
    isTracked: journals.some(isTracking),
    polls: daemons.map(({ name }) => polls.filter(({ who }) => who === name).length),
  };
}

/** Assumes that a daemon with an unreadable journal tracks tasks: it is about to rewrite the journal. */
function isTracking(journal: string): boolean {
  const read = parseJournal(journal);
  return read.kind !== 'read' || read.entries.size > 0;
}

function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** Returns the status of all tasks as one text, or undefined while a task or a job is active. */
async function restOf(bed: TestBed, watch: Watch, tasks: readonly string[]): Promise<string | undefined> {
  if ((await watch.live()).size > 0) return undefined;
  const statuses: string[] = [];
  for (const task of tasks) {
    const found = await find(bed, task);
    const isElsewhere = found?.status === 'queued' && found.queues.includes(QUEUES.other);
    if (found !== undefined && !AT_REST.has(found.status) && !isElsewhere) return undefined;
    if (found?.queues.some((queue) => queue !== QUEUES.other) === true) return undefined;
    statuses.push(found?.status ?? 'gone');
  }
  return statuses.join();
}

/** Returns the state of the task; undefined if it does not exist any more. */
async function find({ user }: TestBed, task: string): Promise<Found | undefined> {
  const { tasks } = await user.api('tasks.get_all', { id: [task], search_hidden: true });
  if (!Array.isArray(tasks)) throw new TypeError('the server gave no list of tasks');
  if (tasks.length === 0) return undefined;
  const { status, status_reason: reason, status_message: message } = await user.look(task);
  const queues: string[] = [];
  for (const name of Object.values(QUEUES)) {
    const queue = await user.makeQueue(name);
    if ((await user.entries(queue)).includes(task)) queues.push(name);
  }
  return { status, reason, message, queues };
}

interface Sources {
  readonly bed: TestBed;
  readonly watch: Watch;
  readonly natures: ReadonlyMap<string, Nature>;
  readonly owners: ReadonlyMap<string, Owner>;
  readonly faults: readonly InjectedFault[];
  readonly calls: readonly ServerCall[];
}

async function readHistories({ bed, watch, natures, owners, faults, calls }: Sources): Promise<TaskHistory[]> {
  const traces = readTraces(await readFile(bed.traceFile, 'utf8'));
  const live = await waitUntil('squeue to answer', () => watch.live().catch(() => undefined));
  const histories: TaskHistory[] = [];
  for (const [task, nature] of natures) {
    const jobs = watch.seenOf(task);
    const ownTraces = traces.filter((trace) => trace.task === task);
    const own = new Set([...jobs, ...ownTraces].map(({ job }) => job));
    histories.push({
      task,
      nature,
      unixUser: owners.get(task)?.unixUser,
      servedQueue: bed.servedQueue,
      // queues.clear_queue names no task.
      calls: calls.filter((call) => call.task === task || call.endpoint === 'queues.clear_queue'),
      traces: ownTraces,
      jobs,
      faults: faults.filter(({ job }) => job === undefined || own.has(job)),
      found: await find(bed, task),
      liveJobs: (live.get(task) ?? []).map(({ job }) => job),
      leeway: bed.isPatient ? PATIENT_LEEWAY : 1,
    });
  }
  return histories;
}
