// What is said of the ranks of a task on several nodes: which of them ended badly first, as the job's log tells it.
import type { Job } from '../../slurm/scheduler.ts';

/** Whether a job has several nodes, and so several agents: Slurm then writes `n[1-3]` or `n1,m7`. */
export function hasRanks({ nodes }: Pick<Job, 'nodes'>): boolean {
  return /[[,]/.test(nodes ?? '');
}

/** In the words of the job script, which knows the rank's exit code. */
const BY_SCRIPT = /^clearml: (?<node>\S+): rank (?<rank>\d+) of \d+ ended with exit code (?<code>\d+)$/m;

/** In those of srun, which also sees a rank that was killed (slurm's src/srun/libsrun/srun_job.c and task_state.c). */
const BY_SRUN =
  /^srun: error: (?<node>\S+): tasks? (?<rank>[\d,-]+): (?:Exited with exit code (?<code>\d+)|(?<word>.+))$/m;

/**
 * Which rank ended badly first, on which node and how; undefined where the log does not tell. Whatever comes later was ended
 * because of it.
 * @param log the end of the job's log
 */
export function describeRankEnd(log: string): string | undefined {
  const [first] = [BY_SCRIPT, BY_SRUN]
    .map((form) => form.exec(log))
    .filter((found) => found !== null)
    .sort((one, other) => one.index - other.index);
  const { node = '', rank = '', code, word = '' } = first?.groups ?? {};
  if (rank === '') return undefined;
  const who = /^\d+$/.test(rank) ? `Rank ${rank} on ${node}` : `Ranks ${rank} on ${node}`;
  const how = code === undefined ? `ended: ${word.trim()}` : `ended with exit code ${code}`;
  return `${who} ${how}, and Slurm ended the other ranks.`;
}

/** Why a job failed whose task did not: to stand behind the words on the job's end. */
export const AFTER_COMPLETION =
  'The task itself completed before that: another of its nodes failed, or a template command after the agent. ' +
  "See the job's log.";
