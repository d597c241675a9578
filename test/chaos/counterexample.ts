// Prints everything that was recorded of a task with a wrong end, in order of time.
import type { TaskHistory } from './observed-history.ts';
import type { CheckResult } from './oracle.ts';
import type { ServerCall } from './server-record.ts';

interface Line {
  readonly at: number;
  readonly text: string;
}

/** Returns the sentences of the oracle, and a line for each event with the seconds since the first one. */
export function formatCounterexample(history: TaskHistory, { lost, twice, wrong }: CheckResult): string {
  const { task, nature, found, calls, traces, jobs, faults } = history;
  const own = [
    ...calls.map((call) => ({ at: call.at, text: formatCall(call) })),
    ...traces
      .filter(({ what }) => what !== 'run lives')
      .map(({ at, what, job, node, restarts, code }) => ({
        at,
        text: `job ${job} on ${node}: ${what}${restarts === 0 ? '' : ` (requeued ${restarts} times)`}${code === undefined ? '' : ` with ${code}`}`,
      })),
    ...lastBeats(history),
    ...jobs.map(({ at, job, state, reason }) => ({ at, text: `Slurm: job ${job} is ${state} (${reason})` })),
  ];
  const from = Math.min(...own.map(({ at }) => at));
  const lines: Line[] = [
    ...own,
    ...faults.map(({ at, until, words }) => ({
      at,
      text: `*** ${words}${until === undefined ? '' : ` until ${seconds(until - from)}`}`,
    })),
  ].sort((a, b) => a.at - b.at);
  const end =
    found === undefined
      ? 'it is gone'
      : `it is ${found.status} (${found.reason}: ${found.message}), in ${found.queues.join(', ') || 'no queue'}`;
  return [
    `task ${task} (${nature})`,
    ...[...lost, ...twice, ...wrong].map((sentence) => `  ! ${sentence}`),
    ...lines.map(({ at, text }) => `  ${seconds(at - from)} ${text}`),
    `  in the end ${end}`,
  ].join('\n');
}

function formatCall({ who, endpoint, queue, reason, response: answer, at }: ServerCall): string {
  const where = queue === undefined ? '' : ` ${queue.slice(0, 6)}`;
  const why = reason === undefined ? '' : ` (${reason})`;
  if (answer === undefined) return `${who}: ${endpoint}${where}${why} -> no answer`;
  const late = answer.at - at > 1_000 ? ` after ${answer.at - at} ms` : '';
  const count = answer.count === undefined ? '' : ` count ${answer.count}`;
  return `${who}: ${endpoint}${where}${why} -> ${answer.code}${count}${answer.status === undefined ? '' : ` ${answer.status}`}${late}`;
}

/** The last sign of life of each killed run: only that shows when it was killed. */
function lastBeats({ traces }: TaskHistory): Line[] {
  const last = new Map<string, Line>();
  for (const { at, what, job, pid } of traces) {
    if (what === 'run ends') last.delete(`${job}/${pid}`);
    if (what === 'run lives') last.set(`${job}/${pid}`, { at, text: `job ${job}: last sign of life of the run` });
  }
  return [...last.values()];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2).padStart(8);
}
