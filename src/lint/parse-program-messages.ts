// Converts messages of bash, shellcheck and sbatch to findings at lines of the template.
import * as z from 'zod';
import { parseJson } from '../base/parse-json.ts';
import { positionAt } from '../sbatch-template/template-source.ts';
import { parseOptions } from '../sbatch-template/directives/parse-directive-options.ts';
import type { LenientParse } from '../sbatch-template/parse-template.ts';
import type { Finding } from './lint-rules.ts';
import { placeholderRanges } from './plain-script.ts';

/** @param stderr the output of `bash -n` for the plain script */
export function bashFindings(stderr: string): Finding[] {
  const [first] = [...stderr.matchAll(/^[^:\n]*: line (\d+): (.*)$/gm)];
  if (first === undefined) return [];
  const [, line = '1', message = ''] = first;
  return [{ line: Number(line), column: 1, rule: 'bash-syntax', sentence: `bash -n: ${message}.` }];
}

const Comments = z.object({
  comments: z.array(
    z.object({
      line: z.number(),
      endLine: z.number(),
      column: z.number(),
      endColumn: z.number(),
      code: z.number(),
      message: z.string(),
    }),
  ),
});

/**
 * shellcheck sees neither the blocks, which use and set variables, nor sourced files. Word splitting of a command's output (2046) is
 * often intended, as in ClearML's examples.
 */
const IGNORED_CODES = [1090, 1091, 2034, 2046, 2154, 2317];

/** Findings of the levels info and style are a matter of taste. */
export const SHELLCHECK_ARGS: readonly string[] = ['--format=json1', '--severity=warning', '--shell=bash', '-'];

/** @param stdout the output of shellcheck for the plain script; without valid JSON there are no findings */
export function shellcheckFindings(stdout: string, parsed: LenientParse): Finding[] {
  const placeholders = placeholderRanges(parsed).map(({ start, end }) => ({
    start: positionAt(parsed.source.text, start),
    end: positionAt(parsed.source.text, end),
  }));
  const { comments = [] } = Comments.safeParse(parseJson(stdout)).data ?? {};
  return comments.flatMap(({ line, endLine, column, endColumn, code, message }) => {
    const isInPlaceholder = placeholders.some(
      (placeholder) =>
        placeholder.start.line >= line &&
        placeholder.end.line <= endLine &&
        placeholder.start.column <= endColumn &&
        placeholder.end.column > column,
    );
    if (isInPlaceholder || IGNORED_CODES.includes(code)) return [];
    return [{ line, column, rule: 'shellcheck', sentence: `SC${code}: ${message}` } as const];
  });
}

/** The options that a message of Slurm may be about. */
const OPTIONS_BY_MESSAGE: readonly (readonly [RegExp, readonly string[]])[] = [
  [/account/i, ['account', 'partition']],
  [/partition/i, ['partition']],
  [/qos/i, ['qos']],
  [/time/i, ['time']],
  [/gres|generic resource/i, ['gres', 'gpus', 'gpus-per-node', 'gpus-per-task']],
  [/memory/i, ['mem', 'mem-per-cpu', 'mem-per-gpu']],
  [/feature|constraint/i, ['constraint']],
  [/reservation/i, ['reservation']],
  [/license/i, ['licenses']],
  [/cpu|processor/i, ['cpus-per-task', 'ntasks', 'ntasks-per-node']],
  [/node count|nodes/i, ['nodes', 'nodelist']],
];

/** Options with any text, which cause no rejection; the daemon replaces the name. */
const ALWAYS_VALID: readonly string[] = ['job-name', 'comment', 'output', 'error'];

/** @param message Slurm's reason for rejecting the sample script @param user the mapped user as whom sbatch ran */
export function rejectionFinding(message: string, { source, tokens }: LenientParse, user?: string): Finding {
  const options = parseOptions(tokens);
  const named = /'?--([a-z][\w-]*)/.exec(message)?.[1];
  const names =
    named === undefined ? (OPTIONS_BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? []) : [named];
  const option = names.map((name) => options.findLast((candidate) => candidate.name === name)).find(Boolean);
  return {
    // A message that names no option is about the whole request: it is shown at the first option that can cause one.
    ...positionAt(source.text, (option ?? options.find(({ name }) => !ALWAYS_VALID.includes(name)))?.start ?? 0),
    rule: 'sbatch-refuses',
    sentence: `sbatch --test-only${user === undefined ? '' : ` as ${user}`}: ${/[.?!]$/.test(message) ? message : `${message}.`}`,
  };
}
