// Tracks how each task may end, from the events of the simulation and not from the program.
import type { TaskDocument } from '../../../src/sandbox/store/documents.ts';
import { isStoppedByWatchdog } from '../../../src/sandbox/tasks/watchdog.ts';
import { isLive } from '../../../src/slurm/job-state.ts';
import type { SimJob } from '../simulated-slurm.ts';
import { named } from '../queues.ts';
import type { TaskNature } from '../world.ts';

export interface Violation {
  readonly kind: 'lost' | 'twice' | 'wrong';
  /** undefined if the violation is not about one task. */
  readonly task: string | undefined;
  readonly says: string;
}

export interface ExpectedEnds {
  /** The first deviation that is not permitted. */
  readonly violation: Violation | undefined;
  report(violation: Violation): void;
  enqueued(task: string, nature: TaskNature): void;
  /** The server executed this act of the user. @param after the task after the act */
  userActed(task: string, act: string, after: TaskDocument | undefined): void;
  /**
   * The user removed the task's entry from the scheduler queue. The task must be dequeued, or run if a job may have taken the entry.
   * @param before the task before the removal
   */
  removed(task: string, before: TaskDocument): void;
  /** Permits these ends too, after a fault, unless the user has ended the task. */
  permit(task: string, ends: readonly string[]): void;
  /** Permits this end too, although the user has aborted the task. */
  permitDespiteAbort(task: string, end: string): void;
  /** Permits one more run, for example after a requeue. */
  permitRun(task: string): void;
  /** An agent has started the task. */
  ran(task: string): void;
  /** sbatch starts for this task. */
  submitting(task: string): void;
  /** Slurm has a new job. */
  submitted(job: SimJob): void;
  /** Checks the task when everything is at rest. */
  ended(task: string, found: TaskDocument | undefined): void;
}

interface Expectation {
  readonly nature: TaskNature;
  ends: Set<string>;
  /** The user has ended the task, so events of its job do not change the expected end. */
  isSettled: boolean;
  mayRun: boolean;
  /** The number of submissions since the task was enqueued. */
  submissions: number;
}

interface Facts {
  readonly jobsOf: (task: string) => readonly SimJob[];
  /** Since when the only daemon could query the controller; undefined if it cannot, or if there are several daemons. */
  readonly couldPollSince: () => number | undefined;
  /** The milliseconds since then in which the daemons ran. */
  readonly awakeMsSince: (from: number) => number;
  /** A daemon must know a job that has been shown for this long. */
  readonly plainToSeeMs: number;
  /** Whether tasks may be silent for two hours, so that the server's watchdog stops them. */
  readonly mayBeSilent: boolean;
  /** Whether no daemon could know that the user has aborted the task. */
  readonly isAbortErased: (task: string) => boolean;
}

/** A task may fail after this many jobs without a run. */
const MANY_JOBS = 5;

export function createExpectedEnds(facts: Facts): ExpectedEnds {
  const { jobsOf, couldPollSince, awakeMsSince, plainToSeeMs, mayBeSilent, isAbortErased } = facts;
  const expectations = new Map<string, Expectation>();
  let violation: Violation | undefined;

  function expectationOf(task: string): Expectation {
    const expectation = expectations.get(task);
    if (expectation === undefined) throw new Error(`task ${task} was never enqueued`);
    return expectation;
  }

  function enqueue(task: string, nature: TaskNature, also: readonly string[]): void {
    const ends = new Set([natural(nature), ...also]);
    expectations.set(task, { nature, ends, isSettled: false, mayRun: true, submissions: 0 });
  }

  const expected: ExpectedEnds = {
    get violation() {
      return violation;
    },
    report(one) {
      violation ??= one;
    },
    enqueued: (task, nature) => enqueue(task, nature, []),
    userActed(task, act, after) {
      const expectation = expectationOf(task);
      // An agent of another queue uses no templates.
      if (act.startsWith('enqueue')) {
        enqueue(task, expectation.nature, act === 'enqueue elsewhere' ? ['completed'] : []);
        return;
      }
      // The abort of a running task only asks its agent to stop it.
      if (act !== 'abort' && (after?.status === 'queued' || after?.status === 'in_progress')) {
        // The act changed nothing.
        expected.permit(task, ['created', 'stopped', 'completed', 'failed']);
        return;
      }
      const end = act === 'abort' && after?.status === 'in_progress' ? 'stopped' : (after?.status ?? 'gone');
      expectation.ends = new Set([end]);
      expectation.isSettled = true;
    },
    removed(task, { enqueue_status: former }) {
      // A server that forgot the former status names queued, and the daemon then makes the task a draft.
      const end = former === undefined || former === 'queued' ? 'created' : former;
      expected.permit(task, [end]);
    },
    permit(task, ends) {
      const expectation = expectationOf(task);
      if (!expectation.isSettled || isAbortErased(task)) for (const end of ends) expectation.ends.add(end);
    },
    permitDespiteAbort(task, end) {
      expectationOf(task).ends.add(end);
    },
    permitRun(task) {
      expectationOf(task).mayRun = true;
    },
    ran(task) {
      const expectation = expectationOf(task);
      if (!expectation.mayRun)
        expected.report({ kind: 'twice', task, says: `${named(task)} was started again without a cause` });
      expectation.mayRun = false;
    },
    submitting(task) {
      const expectation = expectationOf(task);
      expectation.submissions += 1;
      if (expectation.submissions >= MANY_JOBS) expected.permit(task, ['failed']);
    },
    submitted(job) {
      const { task } = job;
      if (job.isDouble) return;
      const others = jobsOf(task).filter((other) => other !== job && !other.isDouble);
      if (others.some(({ name }) => name === job.name)) {
        expected.report({ kind: 'twice', task, says: `${named(task)} got two jobs of one name` });
      }
      const since = couldPollSince();
      if (since === undefined) return;
      const old = others.find(
        (other) =>
          isLive(other.state) &&
          !other.isInFlight &&
          !other.isForgotten &&
          awakeMsSince(Math.max(other.submittedAt, since)) > plainToSeeMs,
      );
      if (old !== undefined) {
        const says = `${named(task)} got job ${job.id} while its job ${old.id} was live`;
        expected.report({ kind: 'twice', task, says });
      }
    },
    ended(task, found) {
      const { ends, nature } = expectationOf(task);
      const end = found?.status ?? 'gone';
      if (ends.has(end)) return;
      if (isAbortErased(task) && end === natural(nature)) return;
      if (mayBeSilent && isStoppedByWatchdog(found)) return;
      const kind = end === 'queued' || end === 'in_progress' ? 'lost' : 'wrong';
      expected.report({ kind, task, says: `${named(task)} is ${end}, and should be ${[...ends].join(' or ')}` });
    },
  };
  return expected;
}

function natural(nature: TaskNature): string {
  return nature === 'ends well' ? 'completed' : 'failed';
}
