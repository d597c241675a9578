// Keeps sbatch from quietly giving fewer nodes than asked for: a job has at least one task on each node.
import { findHeader } from './check-directives.ts';
import { DIRECTIVE_PREFIX, splitDirective } from './directive.ts';

/**
 * The script, with a line that raises `--ntasks` where its directives ask for fewer tasks than nodes. sbatch would lower the
 * number of nodes to that of tasks and only warn (slurm's src/common/slurm_opt.c, 20.11 to 26.05), so that the documented
 * template with `--ntasks=1` and two nodes by user property would get one.
 */
export function raiseTaskCount(script: string): string {
  const header = findHeader(script);
  const lines = script.slice(0, header.end).split('\n');
  const { nodes, tasks } = readCounts(lines.flatMap(directiveWords));
  if (nodes === undefined || tasks === undefined || tasks >= nodes) return script;

  const last = lines.findLastIndex((line) => line.startsWith(DIRECTIVE_PREFIX));
  lines.splice(
    last + 1,
    0,
    `#SBATCH --ntasks=${nodes} # by clearml-agent-slurm: with ${tasks} sbatch would give fewer than ${nodes} nodes`,
  );
  return lines.join('\n') + script.slice(header.end);
}

function directiveWords(line: string): string[] {
  return line.startsWith(DIRECTIVE_PREFIX) ? splitDirective(line) : [];
}

interface Counts {
  /** The least number of nodes; undefined where the script leaves it to Slurm. */
  readonly nodes: number | undefined;
  readonly tasks: number | undefined;
}

/** The last of several counts, as sbatch takes it. */
function readCounts(words: readonly string[]): Counts {
  return { nodes: lastCount(words, '--nodes', '-N'), tasks: lastCount(words, '--ntasks', '-n') };
}

function lastCount(words: readonly string[], long: string, short: string): number | undefined {
  let count: string | undefined;
  for (const [index, word] of words.entries()) {
    if (word === long || word === short) count = words[index + 1];
    else if (word.startsWith(`${long}=`)) count = word.slice(long.length + 1);
    else if (word.startsWith(short)) count = word.slice(short.length);
  }
  // A range of nodes begins with the least: `2-4`.
  const [digits] = /^\d+/.exec(count ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}
