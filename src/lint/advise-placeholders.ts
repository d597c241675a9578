// Finds unknown variables, values that a task may lack, and values that a shell evaluates again.
import { nearestName } from '../base/did-you-mean.ts';
import { BLOCKS, parsePlaceholder, type ValuePlaceholder } from '../sbatch-template/placeholders/parse-placeholder.ts';
import { catchTemplateError, type TemplateError } from '../sbatch-template/errors.ts';
import { READ_BY_JOB, SET_BY_JOB } from '../sbatch-template/job-script/job-variable-tables.ts';
import type { Occurrence } from '../sbatch-template/shell/lexer-result.ts';
import { knownFields, mayLack } from '../sbatch-template/placeholders/variable-fields.ts';
import { possibleEvaluationMessage } from '../sbatch-template/data-flow/classify-placeholders.ts';
import { ALWAYS_PLAIN } from '../sbatch-template/data-flow/find-value-sources.ts';
import { PLAIN_NAMES, TREE_NAMES } from '../sbatch-template/placeholders/variables.ts';
import type { LenientParse } from '../sbatch-template/parse-template.ts';
import { allPlaceholders } from '../sbatch-template/inspect-template.ts';
import { findingAt, type Finding } from './lint-rules.ts';

export function advisePlaceholders(parsed: LenientParse): Finding[] {
  const { source, occurrences } = parsed;
  return [
    ...allPlaceholders(parsed).flatMap((placeholder) =>
      adviseOnePlaceholder(placeholder).map(([rule, text]) => findingAt(source, placeholder.start, rule, text)),
    ),
    ...occurrences.filter(mayBeReEvaluated).map(({ placeholder, context }) => {
      const by = context.kind === 're-evaluated' ? context.by : '';
      return findingAt(
        source,
        placeholder.start,
        'may-be-read-again',
        `The value of ${placeholder.variable} is re-evaluated by ${by}: only letters, digits and _ . / : @ % + , = - are allowed in it.`,
      );
    }),
    ...occurrences.flatMap((occurrence) =>
      adviseEvaluations(occurrence).map((text) =>
        findingAt(source, occurrence.placeholder.start, 'may-be-read-again', text),
      ),
    ),
    ...parsed.possibleEvaluations.map((evaluation) =>
      findingAt(source, evaluation.placeholder.start, 'may-be-evaluated', possibleEvaluationMessage(evaluation)),
    ),
    ...misspeltNames(parsed),
  ];
}

type Advice = readonly [rule: Finding['rule'], sentence: string];

function adviseOnePlaceholder({ variable, fallback, written }: ValuePlaceholder): Advice[] {
  const problem = nameProblem(variable.split('.'));
  if (problem !== undefined) return [problem];
  if (fallback !== undefined || !mayLack(variable)) return [];
  return [['no-default', `${written} has no default, and a task may lack a value for it.`]];
}

function nameProblem(path: readonly string[]): Advice | undefined {
  const [root = '', first = '', ...rest] = path;
  if (!TREE_NAMES.includes(root)) return undefined;
  const variable = path.join('.');
  if (first === '') return ['not-one-value', `${root} is not a single value: write the name of a field after it.`];
  if (root === 'CLEARML_TASK' && first === 'hyperparams') return parameterProblem(variable, rest);
  for (let length = 1; length < path.length; length += 1) {
    const group = path.slice(0, length).join('.');
    const known = knownFields(group);
    const part = path[length] ?? '';
    if (known === undefined || known.includes(part)) continue;
    return ['unknown-variable', `${group} has no field "${part}"${didYouMean(part, known)}`];
  }
  const fields = knownFields(variable);
  if (fields === undefined || variable === 'CLEARML_TASK.project') return undefined;
  return [
    'not-one-value',
    `${variable} is not a single value; it has fields such as ${variable}.${fields[0] ?? 'NAME'}.`,
  ];
}

/** @param rest the path after `hyperparams`: a section and a name, or the name of a user property; then a field such as `value` */
function parameterProblem(variable: string, rest: readonly string[]): Advice | undefined {
  const [section = '', ...names] = rest;
  const last = rest.at(-1) ?? '';
  if (rest.length < 2 || !PARAMETER_FIELDS.includes(last)) {
    const near = nearestName(last, PARAMETER_FIELDS, 2);
    return near === undefined || rest.length < 2
      ? ['not-one-value', `${variable} is not a single value: write \${${variable}.value}.`]
      : ['unknown-variable', `A hyperparameter has no field "${last}". Did you mean "${near}"?`];
  }
  const isSection = names.length > 1;
  if (!isSection || section.toLowerCase() === 'properties') return undefined;
  const near = nearestName(section.toLowerCase(), ['properties'], 3);
  return near === undefined
    ? undefined
    : ['unknown-variable', `User properties are in the section "properties", not "${section}".`];
}

const PARAMETER_FIELDS = ['value', 'name', 'section', 'type', 'description'];

function didYouMean(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? '.' : `. Did you mean "${near}"?`;
}

/** Numbers are not reported: the renderer refuses any other value there with a separate error. */
function adviseEvaluations({ placeholder, evaluations = [] }: Occurrence): string[] {
  return evaluations
    .filter(({ requirement }) => requirement === 'plain word')
    .slice(0, 1)
    .map(
      ({ by, variable, line }) =>
        `The value of ${placeholder.variable} is evaluated in line ${line}, through ${variable}, by ${by}: only letters, digits and _ . / : @ % + , = - are allowed in it.`,
    );
}

function mayBeReEvaluated({ placeholder, context }: Occurrence): boolean {
  return context.kind === 're-evaluated' && !ALWAYS_PLAIN.test(placeholder.variable);
}

/** Reports names that bash expands but that are probably misspelt placeholders: `${CLEARML_TASK_ID}`, `${CLEARML_PRESETUP}`. */
function misspeltNames({ source, script }: LenientParse): Finding[] {
  const { text } = source;
  return [...text.matchAll(/\$(?:\{(CLEARML_\w+)|<(CLEARML_\w+)|(CLEARML_\w+))/g)].flatMap((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? '';
    if (isComment(text, match.index, script?.comments ?? []) || isSet(name, text)) return [];
    if (isPlaceholderAt(source, match.index)) return [];
    const meant = suggestionFor(name);
    if (meant === undefined) return [];
    return [
      findingAt(source, match.index, 'misspelt-name', `${match[0]} is not a placeholder. Did you mean ${meant}?`),
    ];
  });
}

const PLACEHOLDER_NAMES = [...PLAIN_NAMES, ...TREE_NAMES, ...BLOCKS];

const JOB_VARIABLES = [...READ_BY_JOB, ...SET_BY_JOB].flatMap(({ names }) => names);

/** Includes placeholders with errors: those are reported separately. */
function isPlaceholderAt(source: LenientParse['source'], at: number): boolean {
  const problems: TemplateError[] = [];
  return catchTemplateError(problems, () => parsePlaceholder(source, at)) !== undefined || problems.length > 0;
}

function suggestionFor(name: string): string | undefined {
  const [, tree = '', field = ''] = /^(CLEARML_(?:TASK|USER))_([A-Z_]+)$/.exec(name) ?? [];
  if (knownFields(tree)?.includes(field.toLowerCase()) === true) return `\${${tree}.${field.toLowerCase()}}`;
  const near = nearestName(name, PLACEHOLDER_NAMES, 2);
  if (near === undefined) return undefined;
  return TREE_NAMES.includes(near) ? `\${${near}.id}` : `\${${near}}`;
}

/** Whether the agent, a block or the template sets the variable. */
function isSet(name: string, text: string): boolean {
  return JOB_VARIABLES.includes(name) || new RegExp(`(?:^|[\\s;&])${name}=`).test(text);
}

function isComment(text: string, at: number, comments: readonly number[]): boolean {
  const lineStart = text.lastIndexOf('\n', at) + 1;
  const line = text.slice(lineStart, at);
  if (line.startsWith('#SBATCH')) return false;
  return comments.some((comment) => comment >= lineStart && comment < at);
}
