// What each task has been through, and what it may have become by that: kept by those who did it, never asked of the product.
import type { TaskDocument } from '../../../src/sandbox/documents.ts';
import { isLive } from '../../../src/slurm/job-state.ts';
import type { SimJob } from '../cluster.ts';
import type { TaskNature } from '../world.ts';

export interface Verdict {
  readonly kind: 'lost' | 'twice' | 'wrong';
  readonly task: string | undefined;
  readonly says: string;
}

export interface ExpectedEnds {
  readonly verdict: Verdict | undefined;
  report(verdict: Verdict): void;
  admitted(task: string, character: TaskNature): void;
  /** The user did this, and the server agreed. `after`: the task as it is now. */
  userActed(task: string, act: string, after: TaskDocument | undefined): void;
  /**
   * Its user took its entry out of the scheduler queue. It is dequeued, or runs all the same where somebody else may have taken the
   * entry; nothing else.
   * @param before the task as it was
   */
  removed(task: string, before: TaskDocument): void;
  /** What befell the task's job allows it these ends too, unless its user has ended it himself. */
  permit(task: string, ends: readonly string[]): void;
  /** Slurm starts the task's job anew, or somebody may otherwise begin it once more. */
  permitRun(task: string): void;
  ran(task: string): void;
  /** sbatch was run for this task. */
  submitting(task: string): void;
  /** Slurm has a new job. */
  submitted(job: SimJob): void;
  /** All is quiet: what became of the task. */
  ended(task: string, found: TaskDocument | undefined): void;
}

interface Life {
  readonly character: TaskNature;
  ends: Set<string>;
  /** Its user has ended it: what befalls its job changes nothing. */
  isSettled: boolean;
  mayBegin: boolean;
  /** How often sbatch was run for it since it was enqueued. */
  submissions: number;
}

/** So many jobs that came to nothing are enough to give a task up. */
const MANY_JOBS = 5;

export function createExpectedEnds({
  jobsOf,
  couldLookSince,
  awakeMsSince,
  plainToSeeMs,
  mayBeSilent,
  isAbortErased,
  losesJournals,
}: {
  readonly jobsOf: (task: string) => readonly SimJob[];
  /** Since when the only daemon there is could see what the controller shows; undefined where there are several. */
  readonly couldLookSince: () => number | undefined;
  /** For how long anybody could have seen what has been so since then. */
  readonly awakeMsSince: (from: number) => number;
  /** A job that was shown for so long was there to be seen before another one was submitted. */
  readonly plainToSeeMs: number;
  /** Whether tasks may be silent for two hours, so that the server's own watchdog stops them. */
  readonly mayBeSilent: boolean;
  /** Whether nobody could know that its user has aborted the task. */
  readonly isAbortErased: (task: string) => boolean;
  /** Whether a daemon may forget that it has cancelled a job itself: it takes that for a user's scancel then. */
  readonly losesJournals: boolean;
}): ExpectedEnds {
  const lives = new Map<string, Life>();
  let verdict: Verdict | undefined;

  function lifeOf(task: string): Life {
    const life = lives.get(task);
    if (life === undefined) throw new Error(`nobody has enqueued task ${task}`);
    return life;
  }

  function enqueue(life: Life, also: readonly string[]): void {
    Object.assign(life, { ends: new Set([natural(life.character), ...also]), isSettled: false, mayBegin: true });
    life.submissions = 0;
  }

  const history: ExpectedEnds = {
    get verdict() {
      return verdict;
    },
    report(one) {
      verdict ??= one;
    },
    admitted(task, character) {
      const life = { character, ends: new Set<string>(), isSettled: false, mayBegin: true, submissions: 0 };
      lives.set(task, life);
      enqueue(life, []);
    },
    userActed(task, act, after) {
      const life = lifeOf(task);
      // Whoever runs other queues knows nothing of templates.
      if (act.startsWith('enqueue')) {
        enqueue(life, act === 'enqueue elsewhere' ? ['completed'] : []);
        return;
      }
      // Who aborts a task that runs asks its agent to stop it.
      if (act !== 'abort' && (after?.status === 'queued' || after?.status === 'in_progress')) {
        // It goes on as before, whatever its user meant.
        history.permit(task, ['created', 'stopped', 'completed', 'failed']);
        return;
      }
      const end = act === 'abort' && after?.status === 'in_progress' ? 'stopped' : (after?.status ?? 'gone');
      life.ends = new Set([end]);
      life.isSettled = true;
    },
    removed(task, { enqueue_status: former }) {
      history.permit(task, [former ?? 'created', ...(losesJournals ? ['stopped'] : [])]);
    },
    permit(task, ends) {
      const life = lifeOf(task);
      if (!life.isSettled || isAbortErased(task)) for (const end of ends) life.ends.add(end);
    },
    permitRun(task) {
      lifeOf(task).mayBegin = true;
    },
    ran(task) {
      const life = lifeOf(task);
      if (!life.mayBegin)
        history.report({ kind: 'twice', task, says: `${named(task)} was started once more, unasked` });
      life.mayBegin = false;
    },
    submitting(task) {
      const life = lifeOf(task);
      life.submissions += 1;
      if (life.submissions >= MANY_JOBS) history.permit(task, ['failed']);
    },
    submitted(job) {
      const { task } = job;
      if (job.isDouble) return;
      const others = jobsOf(task).filter((other) => other !== job && !other.isDouble);
      if (others.some(({ name }) => name === job.name)) {
        history.report({ kind: 'twice', task, says: `${named(task)} got two jobs of one name` });
      }
      const since = couldLookSince();
      if (since === undefined) return;
      const old = others.find(
        (other) =>
          isLive(other.state) &&
          !other.isInFlight &&
          !other.isForgotten &&
          awakeMsSince(Math.max(other.submittedAt, since)) > plainToSeeMs,
      );
      if (old !== undefined) {
        history.report({ kind: 'twice', task, says: `${named(task)} got job ${job.id} while its job ${old.id} lived` });
      }
    },
    ended(task, found) {
      const { ends, character } = lifeOf(task);
      const end = found?.status ?? 'gone';
      if (ends.has(end)) return;
      if (isAbortErased(task) && end === natural(character)) return;
      if (mayBeSilent && found?.status_reason === 'Forced stop (non-responsive)') return;
      const kind = end === 'queued' || end === 'in_progress' ? 'lost' : 'wrong';
      history.report({ kind, task, says: `${named(task)} is ${end}, and should be ${[...ends].join(' or ')}` });
    },
  };
  return history;
}

function natural(character: TaskNature): string {
  return character === 'ends well' ? 'completed' : 'failed';
}

export function named(task: string): string {
  return `task ${Number(task)}`;
}
