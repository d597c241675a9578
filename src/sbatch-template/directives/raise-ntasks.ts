// Raises `--ntasks` to the number of nodes, because sbatch silently lowers the number of nodes otherwise.
import { findHeader } from './check-directives.ts';
import { DIRECTIVE_PREFIX } from './tokenize-directives.ts';
import { directiveWords, lastValue } from './parse-directive-options.ts';

/**
 * The script, with another `--ntasks` line if its directives request fewer tasks than nodes. sbatch would lower the number of nodes
 * to the number of tasks and only warn (slurm's src/common/slurm_opt.c, 20.11 to 26.05): the template of the ClearML docs, with
 * `--ntasks=1` and two nodes by user property, would get one node.
 */
export function raiseTaskCount(script: string): string {
  const header = findHeader(script);
  const lines = script.slice(0, header.end).split('\n');
  const { nodes, tasks } = parseCounts(directiveWords(script));
  if (nodes === undefined || tasks === undefined || tasks >= nodes) return script;

  const last = lines.findLastIndex((line) => line.startsWith(DIRECTIVE_PREFIX));
  lines.splice(
    last + 1,
    0,
    `#SBATCH --ntasks=${nodes} # set by clearml-agent-slurm: with ${tasks}, sbatch would allocate fewer than ${nodes} nodes`,
  );
  return lines.join('\n') + script.slice(header.end);
}

interface Counts {
  /** The minimum number of nodes; undefined if the script leaves it to Slurm. */
  readonly nodes: number | undefined;
  readonly tasks: number | undefined;
}

/** The last of several counts, as sbatch does. */
function parseCounts(words: readonly string[]): Counts {
  return { nodes: countIn(words, ['--nodes', '-N']), tasks: countIn(words, ['--ntasks', '-n']) };
}

function countIn(words: readonly string[], names: readonly [string, string]): number | undefined {
  // A range of nodes begins with its minimum: `2-4`.
  const [digits] = /^\d+/.exec(lastValue(words, names) ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}
