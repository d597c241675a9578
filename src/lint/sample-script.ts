// Renders a template for a task without optional values, as input for sbatch --test-only.
import type { ValuePlaceholder } from '../sbatch-template/placeholders/parse-placeholder.ts';
import { catchTemplateError } from '../sbatch-template/errors.ts';
import { VARIABLE_FIELDS } from '../sbatch-template/placeholders/variable-fields.ts';
import type { Variables } from '../sbatch-template/template.ts';
import { endOfLine } from '../sbatch-template/template-source.ts';
import { parseOptions } from '../sbatch-template/directives/parse-directive-options.ts';
import { parseTemplate, type LenientParse } from '../sbatch-template/parse-template.ts';

/** Values that every cluster accepts, for options whose placeholder has no default. Values of other options cannot be guessed. */
const SMALL_VALUES: Readonly<Record<string, string>> = {
  'cpus-per-task': '1',
  mem: '100M',
  'mem-per-cpu': '100M',
  nodes: '1',
  ntasks: '1',
  'ntasks-per-node': '1',
  time: '1',
};

/** Returns undefined if the template cannot be rendered. Directives whose value cannot be guessed are omitted. */
export function sampleScript(parsed: LenientParse): string | undefined {
  const { source, tokens, occurrences } = parsed;
  const samples = new Map<string, string>();
  const omittedLines = new Set<number>();

  for (const { name, placeholders, start } of parseOptions(tokens)) {
    for (const placeholder of placeholders) {
      if (placeholder.fallback !== undefined) continue;
      const sample = exampleOf(placeholder) ?? SMALL_VALUES[name];
      if (sample === undefined) omittedLines.add(source.text.lastIndexOf('\n', start) + 1);
      else samples.set(placeholder.variable, sample);
    }
  }
  // sbatch reads only the directives, so any value will do in the script.
  for (const { placeholder } of occurrences) {
    if (samples.has(placeholder.variable) || placeholder.fallback !== undefined) continue;
    samples.set(placeholder.variable, exampleOf(placeholder) ?? '1');
  }

  let text = source.text;
  for (const at of omittedLines) {
    const end = endOfLine(text, at);
    text = text.slice(0, at) + '#'.padEnd(end - at) + text.slice(end);
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
    setPath(tree, root === 'CLEARML_TASK' ? normalizeSection(path) : path, sample);
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

/** ClearML stores user properties in the section `properties`; a template may write the name in other letter case. */
function normalizeSection([first = '', section = '', ...rest]: readonly string[]): string[] {
  const isProperty = first === 'hyperparams' && section.toLowerCase() === 'properties';
  return [first, isProperty ? 'properties' : section, ...rest].filter((part) => part !== '');
}

function setPath(tree: Tree, [first = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const below = tree[first];
  const next: Tree = typeof below === 'object' && below !== null ? { ...below } : {};
  setPath(next, rest, value);
  tree[first] = next;
}
