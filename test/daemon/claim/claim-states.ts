// States of queues, jobs and limits, from which claims are planned.
import type { Limits } from '../../../src/base/job-limits.ts';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import { addJob, NO_JOBS, type JobCounts } from '../../../src/daemon/claim/count-limit-use.ts';
import type { ClaimState, WaitingQueue } from '../../../src/daemon/claim/plan-claims.ts';
import type { ServedQueue } from '../../../src/daemon/deps.ts';
import type { Pause } from '../../../src/daemon/pause/pauses-file.ts';

const template: ServedQueue['template'] = {
  file: 'a.template',
  agent: { file: 'a.template', line: 1, column: 1, command: [] },
  render: () => ({ script: '', uses: [] }),
};

/** A task is named `<owner><number>`, such as `a1`. */
export interface Given {
  readonly tasks: readonly string[];
  readonly limits?: Limits;
  readonly userFairness?: boolean;
  /** The owners of the queue's jobs; a capital letter is a running one. */
  readonly jobs?: readonly string[];
  readonly pause?: Pause;
  readonly hasMore?: boolean;
}

interface Around extends Partial<Pick<ClaimState, 'limits' | 'orderFairness'>> {
  readonly skip?: readonly string[];
  readonly passed?: readonly string[];
  readonly unknown?: readonly string[];
}

function queueOf(name: string, given: Given): WaitingQueue {
  const queue: ServedQueue = {
    id: name as QueueId,
    name,
    template,
    limits: given.limits,
    userFairness: given.userFairness,
  };
  return {
    queue,
    entries: given.tasks.map((task) => ({ task: task as TaskId, added: 1 })),
    hasMore: given.hasMore,
    counts: countsOf(given.jobs ?? []),
    pause: given.pause,
    servedAt: new Map(),
  };
}

function countsOf(jobs: readonly string[]): JobCounts {
  return jobs.reduce(
    (counts, owner) => addJob(counts, { owner: owner.toLowerCase(), isWaiting: owner === owner.toLowerCase() }),
    NO_JOBS,
  );
}

export function stateOf(queues: Readonly<Record<string, Given>>, around: Around = {}): ClaimState {
  return {
    queues: Object.entries(queues).map(([name, given]) => queueOf(name, given)),
    limits: around.limits ?? {},
    counts: countsOf(Object.values(queues).flatMap(({ jobs }) => jobs ?? [])),
    ownerOf: (task) => (around.unknown?.includes(task) === true ? undefined : task.charAt(0)),
    orderFairness: around.orderFairness ?? false,
    skip: new Set(around.skip as TaskId[] | undefined),
    passed: new Map((around.passed ?? []).map((task) => [task as TaskId, undefined])),
  };
}

export const PAUSE: Pause = { queue: null, since: 0, until: null, reason: '' };
