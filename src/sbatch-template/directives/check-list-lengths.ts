// Checks that a value of the task does not make a list so long that sbatch or slurmctld would expand it for minutes.
// cspell:ignore hostlist strtoul mult
import { displayValue } from '../placeholders/display-value.ts';
import type { ValuePlaceholder } from '../placeholders/parse-placeholder.ts';
import type { ResolvedValue } from '../placeholders/resolve-value.ts';
import { templateErrorAt, type TemplateSource } from '../template-source.ts';
import { valuePieces, type DirectiveOption } from './parse-directive-options.ts';
import { isMemoryBinding, isNodeList } from './sbatch-options.ts';

/** A cluster of Slurm cannot have more (MAX_SLURM_NODES of slurm.h). */
const MOST_NODES = 65_533;

/** More than a node has NUMA domains, and tasks that are bound to them. */
const MOST_DOMAINS = 4096;

/** @throws TemplateError for a list that takes sbatch or slurmctld minutes to expand: meanwhile, all other jobs wait */
export function checkListLengths(
  source: TemplateSource,
  options: readonly DirectiveOption[],
  values: ReadonlyMap<ValuePlaceholder, ResolvedValue>,
): void {
  for (const option of options.filter(({ name }) => isNodeList(name) || isMemoryBinding(name))) {
    const { name, placeholders } = option;
    const own = placeholders.find((placeholder) => values.get(placeholder)?.origin === 'task');
    if (own === undefined) continue;
    const whole = valuePieces(option, (placeholder) => values.get(placeholder)?.text).join('');
    const [count, most, what] = isNodeList(name)
      ? [countNodes(whole), MOST_NODES, 'nodes']
      : [countDomains(whole), MOST_DOMAINS, 'NUMA domains'];
    if (count <= most) continue;
    const finding = `with the value of ${own.variable}, --${name} is ${displayValue(whole)}, which names more than ${most} ${what}: change the value`;
    throw templateErrorAt(source, own.start, undefined, finding);
  }
}

/** sbatch repeats `0*4` four times, in quadratic time (`_expand_mult` of src/common/slurm_resource_info.c). */
function countDomains(list: string): number {
  return list.split(',').reduce((sum, item) => sum + Number(/\*(\d+)/.exec(item)?.[1] ?? 1), 0);
}

/** At least as many nodes as Slurm makes of the list (`_parse_single_range` of src/common/hostlist.c): `n[1-4,7],m[0-9][0-9]`. */
function countNodes(list: string): number {
  let all = 0;
  let product = 1;
  for (const [part] of list.matchAll(/,|\[[^\]]*/g)) {
    if (part === ',') {
      all += product;
      product = 1;
    } else {
      product *= part.split(',').reduce((sum, range) => sum + countInRange(range), 0);
    }
  }
  return all + product;
}

function countInRange(range: string): number {
  const dash = range.indexOf('-');
  if (dash === -1) return 1;
  return Math.max(1, numberAt(range.slice(dash + 1)) - numberAt(range) + 1);
}

/** As strtoul reads it: after spaces and a sign, and up to the first other character. In one pass: any user may write a value of several MB. */
function numberAt(text: string): number {
  return Number(/^[[\s+]*(\d*)/.exec(text)?.[1] ?? '');
}
