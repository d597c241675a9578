// Finds directives that sbatch ignores, and options whose effect differs from the author's intention.
import { nearestName } from '../base/did-you-mean.ts';
import { headerLines } from '../sbatch-template/directives/check-directives.ts';
import { DIRECTIVE_PREFIX, PLACEHOLDER_MARK } from '../sbatch-template/directives/tokenize-directives.ts';
import {
  defaultText,
  parseOptions,
  type DirectiveOption,
} from '../sbatch-template/directives/parse-directive-options.ts';
import { pyxisImageProblem } from '../sbatch-template/containers/write-pyxis-image.ts';
import type { LenientParse } from '../sbatch-template/parse-template.ts';
import { findingAt, type Finding } from './lint-rules.ts';

export function adviseDirectives(parsed: LenientParse): Finding[] {
  const options = parseOptions(parsed.tokens);
  return [
    ...lines(parsed).flatMap((line) => [...findLookAlikes(parsed, line), ...truncatedByHash(parsed, line)]),
    ...otherScheduler(parsed),
    ...options.flatMap((option) => adviseOption(parsed, option)),
    ...repeatedOptions(parsed, options),
  ];
}

interface Line {
  readonly start: number;
  readonly text: string;
}

function lines({ source, header }: LenientParse): Line[] {
  return headerLines(source, header).map(({ start, end }) => ({ start, text: source.text.slice(start, end) }));
}

/** `# #SBATCH` is not reported: ClearML's own examples disable a line in this way. */
const LOOK_ALIKE = /^(?:[ \t]+#[ \t]*|#[ \t]+|##+[ \t]*)SBATCH[ \t]*-/;

function findLookAlikes({ source }: LenientParse, { start, text }: Line): Finding[] {
  if (LOOK_ALIKE.test(text)) {
    return [findingAt(source, start, 'directive-look-alike', 'sbatch reads this line as a comment.')];
  }
  const [word = ''] = /^#[A-Za-z]+(?=[ \t]+-)/.exec(text) ?? [];
  const isMisspelt = word !== DIRECTIVE_PREFIX && nearestName(word.toUpperCase(), [DIRECTIVE_PREFIX], 2) !== undefined;
  if (!isMisspelt || word === '#SLURM') return [];
  const sentence = `sbatch reads this line as a comment: ${word} is not ${DIRECTIVE_PREFIX}.`;
  return [findingAt(source, start, 'directive-look-alike', sentence)];
}

/** One finding for all #PBS lines: a script for PBS has many of them. */
function otherScheduler(parsed: LenientParse): Finding[] {
  const found = lines(parsed).filter(({ text }) => /^#PBS[ \t]/.test(text));
  const [first] = found;
  if (first === undefined) return [];
  const subject = found.length === 1 ? 'This #PBS line has' : `This and ${found.length - 1} more #PBS lines have`;
  const sentence = `${subject} no effect: the daemon submits with --ignore-pbs.`;
  return [findingAt(parsed.source, first.start, 'other-scheduler', sentence)];
}

/** Reports a # inside a word; a # after a space is an intended comment. */
function truncatedByHash({ source }: LenientParse, { start, text }: Line): Finding[] {
  if (!text.startsWith(DIRECTIVE_PREFIX)) return [];
  const unquoted = text
    .slice(DIRECTIVE_PREFIX.length)
    .replaceAll(/\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\$\{[^}]*\}|\$<[^>]*>/g, (part) => 'x'.repeat(part.length));
  const hash = unquoted.indexOf('#');
  if (hash <= 0 || /\s/.test(unquoted[hash - 1] ?? '')) return [];
  const kept =
    text
      .slice(0, DIRECTIVE_PREFIX.length + hash)
      .split(/\s/)
      .at(-1) ?? '';
  const at = start + DIRECTIVE_PREFIX.length + hash;
  return [findingAt(source, at, 'hash-in-directive', `sbatch reads only "${kept}": the # after it begins a comment.`)];
}

function adviseOption(parsed: LenientParse, option: DirectiveOption): Finding[] {
  const { source } = parsed;
  const { name, value, start } = option;
  const found: Finding[] = [];
  function add(rule: Finding['rule'], sentence: string): void {
    found.push(findingAt(source, start, rule, sentence));
  }

  const shell = /\$\(|`|\$\{?[A-Za-z_]\w*\}?|^~(?=\/|$)/.exec(value)?.[0];
  if (shell !== undefined) add('shell-in-directive', `--${name} contains ${shell}, which sbatch does not expand.`);
  if (name === 'priority') add('priority', '--priority requires operator privileges.');
  if (name === 'nice' && value.startsWith('-')) add('priority', 'A negative --nice requires operator privileges.');
  if (name === 'job-name' && !isDefaultName(option)) {
    add(
      'job-name',
      `The name of the job is clearml_task_ID-ATTEMPT, not "${value.replaceAll(PLACEHOLDER_MARK, '…')}".`,
    );
  }
  if (name === 'export') {
    const text = defaultText(option) ?? 'ALL';
    const keepsEnvironment = /(?:^|,)ALL(?:,|$)/i.test(text) || setsEnvironment(parsed);
    if (!keepsEnvironment) add('export', `--export=${text} does not pass the environment of sbatch to the job.`);
  }
  if (name === 'container-image') {
    const image = defaultText(option);
    const problem = image === undefined ? undefined : pyxisImageProblem(image);
    if (problem !== undefined) add('pyxis-image', problem);
  }
  return found;
}

/** Accepts the job name of ClearML's examples: the daemon's job names begin with it. */
function isDefaultName({ value, placeholders }: DirectiveOption): boolean {
  return value === `clearml_task_${PLACEHOLDER_MARK}` && placeholders[0]?.variable === 'CLEARML_TASK.id';
}

/** Whether the template starts a login shell or sets PATH. */
function setsEnvironment({ source: { text } }: LenientParse): boolean {
  return (
    startsLoginShell(text) ||
    /^[ \t]*(?:(?:export[ \t]+)?PATH=|(?:\.|source)[ \t]+["']?(?:\/etc\/profile|~\/\.|"?\$HOME\/\.))/m.test(text)
  );
}

export function startsLoginShell(text: string): boolean {
  const [first = ''] = text.split('\n', 1);
  return /\s(?:-[a-z]*l|--login)\b/.test(first);
}

function repeatedOptions({ source }: LenientParse, options: readonly DirectiveOption[]): Finding[] {
  return options.flatMap(({ name, start }, index) => {
    const isLast = !options.slice(index + 1).some((other) => other.name === name);
    const isFirst = !options.slice(0, index).some((other) => other.name === name);
    return isLast && !isFirst
      ? [findingAt(source, start, 'option-twice', `--${name} occurs a second time, and sbatch uses only this one.`)]
      : [];
  });
}
