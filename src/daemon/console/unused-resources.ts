// The console line for a task that used far less than it requested. Pure.
import { formatDuration } from '../../base/format-duration.ts';
import type { EndedAttempt } from '../../history/ended-attempt.ts';

interface Usage {
  readonly used: number;
  readonly requested: number;
}

interface Rule {
  /** The option that requests it. */
  readonly option: string;
  /** A smaller request is not worth a line. */
  readonly atLeast: number;
  /** The line is written if less than this part of the request was used. */
  readonly below: number;
  readonly usage: (attempt: EndedAttempt) => Usage | undefined;
  readonly describe: (usage: Usage) => string;
}

const GB_MB = 1024;
const HOUR_SEC = 3_600;

/** When the request of a task is far above its need. Memory in MiB, time in seconds, cores as their average number. */
const RULES: readonly Rule[] = [
  {
    option: '--mem',
    atLeast: 8 * GB_MB,
    below: 0.25,
    usage: ({ usedMemoryMb, memoryMb }) => usageOf(usedMemoryMb, memoryMb),
    describe: ({ used, requested }) => `${round(used / GB_MB)} of ${round(requested / GB_MB)} GB of memory`,
  },
  {
    option: '--cpus-per-task',
    atLeast: 4,
    below: 0.25,
    usage: ({ usedCpuSec, cpuSec, cpus }) =>
      usedCpuSec === undefined || cpuSec === undefined || cpuSec === 0 || cpus === undefined
        ? undefined
        : { used: (usedCpuSec / cpuSec) * cpus, requested: cpus },
    describe: ({ used, requested }) => `${round(used)} of ${requested} cores`,
  },
  {
    option: '--time',
    atLeast: 4 * HOUR_SEC,
    below: 0.1,
    usage: ({ elapsedSec, timeLimitSec }) => usageOf(elapsedSec, timeLimitSec),
    describe: ({ used, requested }) =>
      `${formatDuration(used * 1000)} of its time limit of ${formatDuration(requested * 1000)}`,
  },
];

/** A shorter task shows nothing: it may have been a test, and the samples of Slurm are seconds apart. */
const SHORTEST_SEC = 60;

/**
 * What the task used and could have requested; undefined unless it completed, and accounting has measured that it used far less
 * memory, cores or time than it requested.
 */
export function describeUnused(attempt: EndedAttempt): string | undefined {
  if (attempt.cause !== 'completed' || (attempt.elapsedSec ?? 0) < SHORTEST_SEC) return undefined;
  const found = RULES.flatMap(({ option, atLeast, below, usage, describe }) => {
    const its = usage(attempt);
    if (its === undefined || its.requested < atLeast || its.used >= below * its.requested) return [];
    return { option, text: describe(its) };
  });
  if (found.length === 0) return undefined;
  const used = enumerate(found.map(({ text }) => text));
  const options = enumerate(found.map(({ option }) => option));
  return `Slurm job ${attempt.job ?? ''} used ${used}. Lower ${options}: a smaller job usually starts sooner.`;
}

function usageOf(used: number | undefined, requested: number | undefined): Usage | undefined {
  return used === undefined || requested === undefined ? undefined : { used, requested };
}

function round(amount: number): string {
  return amount >= 10 ? String(Math.round(amount)) : String(Number(amount.toFixed(1)));
}

function enumerate(parts: readonly string[]): string {
  return parts.join(', ').replace(/, (?=[^,]*$)/, ' and ');
}
