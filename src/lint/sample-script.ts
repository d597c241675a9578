// The script of a task that sets nothing but what it must: for Slurm to say whether it would take such a job.
import type { ValuePlaceholder } from '../template/placeholder.ts';
import { catchTemplateError } from '../template/errors.ts';
import { parseTemplate } from '../template/parse-template.ts';
import { VARIABLE_FIELDS } from '../template/task-fields.ts';
import type { Variables } from '../template/template.ts';
import { readOptions } from '../template/directive-options.ts';
import type { Reading } from '../template/read-leniently.ts';

/** What Slurm takes on every cluster, for options whose placeholder has no default. Of any other nobody can tell what it may be. */
const SMALL: Readonly<Record<string, string>> = {
  'cpus-per-task': '1',
  mem: '100M',
  'mem-per-cpu': '100M',
  nodes: '1',
  ntasks: '1',
  'ntasks-per-node': '1',
  time: '1',
};

/** undefined where the renderer refuses the template. A line with a value that nobody can guess is left out. */
export function sampleScript(reading: Reading): string | undefined {
  const { source, tokens: words, occurrences } = reading;
  const samples = new Map<string, string>();
  const isLeftOut = new Set<number>();

  for (const { name, placeholders, start } of readOptions(words)) {
    for (const placeholder of placeholders) {
      if (placeholder.fallback !== undefined) continue;
      const sample = exampleOf(placeholder) ?? SMALL[name];
      if (sample === undefined) isLeftOut.add(source.text.lastIndexOf('\n', start) + 1);
      else samples.set(placeholder.variable, sample);
    }
  }
  // What stands in the script Slurm does not read.
  for (const { placeholder } of occurrences) {
    if (samples.has(placeholder.variable) || placeholder.fallback !== undefined) continue;
    samples.set(placeholder.variable, exampleOf(placeholder) ?? '1');
  }

  let text = source.text;
  for (const at of isLeftOut) {
    const end = text.indexOf('\n', at);
    text =
      text.slice(0, at) +
      '#'.padEnd((end === -1 ? text.length : end) - at) +
      text.slice(end === -1 ? text.length : end);
  }
  return catchTemplateError([], () => {
    const blocks = { preSetup: ':', agentExecute: ':', postSetup: ':' };
    return parseTemplate(text, source.file).render(sampleVariables(samples), blocks).script;
  });
}

function exampleOf({ variable }: ValuePlaceholder): string | undefined {
  return VARIABLE_FIELDS.find(({ name }) => name === variable)?.example;
}

type Tree = Record<string, unknown>;

function sampleVariables(samples: ReadonlyMap<string, string>): Variables {
  const trees: Record<string, Tree> = { CLEARML_TASK: {}, CLEARML_USER: {}, CLEARML_CONFIG: {} };
  for (const [variable, sample] of samples) {
    const [root = '', ...path] = variable.split('.');
    const tree = trees[root];
    if (tree === undefined || path.join('.').startsWith('project')) continue;
    plant(tree, root === 'CLEARML_TASK' ? sectioned(path) : path, sample);
  }
  return {
    queueName: 'sample',
    queueId: '0'.repeat(32),
    workerId: 'sample:slurm',
    task: { ...trees['CLEARML_TASK'], project: '0'.repeat(32) },
    project: { id: '0'.repeat(32), name: 'sample' },
    user: trees['CLEARML_USER'] ?? {},
    config: trees['CLEARML_CONFIG'] ?? {},
  };
}

/** User properties are kept under `properties`, whatever a template calls the section. */
function sectioned([first = '', section = '', ...rest]: readonly string[]): string[] {
  const isProperty = first === 'hyperparams' && section.toLowerCase() === 'properties';
  return [first, isProperty ? 'properties' : section, ...rest].filter((part) => part !== '');
}

function plant(tree: Tree, [first = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const below = tree[first];
  const next: Tree = typeof below === 'object' && below !== null ? { ...below } : {};
  plant(next, rest, value);
  tree[first] = next;
}
