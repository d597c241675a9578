// What bash, shellcheck and sbatch say of a template, as findings at its own lines.
import * as z from 'zod';
import { positionAt } from '../template/source.ts';
import { readOptions } from '../template/directive-options.ts';
import type { Reading } from '../template/read-leniently.ts';
import type { Finding } from './rules.ts';
import { placeholderRanges } from './plain-script.ts';

/** @param stderr what `bash -n` said of the stand-in */
export function bashFindings(stderr: string): Finding[] {
  const [first] = [...stderr.matchAll(/^[^:\n]*: line (\d+): (.*)$/gm)];
  if (first === undefined) return [];
  const [, line = '1', words = ''] = first;
  return [{ line: Number(line), column: 1, rule: 'bash-syntax', sentence: `bash -n says: ${words}.` }];
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
 * Not of the template: the blocks read variables that shellcheck sees nobody read, and run what files hold. And a list of words
 * from a command (2046) is often what is meant, as in ClearML's own examples.
 */
const NOT_MEANT = [1090, 1091, 2034, 2046, 2154, 2317];

/** What shellcheck is asked for; info and style are a matter of taste. */
export const SHELLCHECK_ARGS: readonly string[] = ['--format=json1', '--severity=warning', '--shell=bash', '-'];

/** @param stdout what shellcheck said of the stand-in; empty where it said nothing that can be read */
export function shellcheckFindings(stdout: string, reading: Reading): Finding[] {
  const placeholders = placeholderRanges(reading).map(({ start, end }) => ({
    start: positionAt(reading.source.text, start),
    end: positionAt(reading.source.text, end),
  }));
  return readComments(stdout).flatMap(({ line, endLine, column, endColumn, code, message }) => {
    const isInPlaceholder = placeholders.some(
      (placeholder) =>
        placeholder.start.line >= line &&
        placeholder.end.line <= endLine &&
        placeholder.start.column <= endColumn &&
        placeholder.end.column > column,
    );
    if (isInPlaceholder || NOT_MEANT.includes(code)) return [];
    return [{ line, column, rule: 'shellcheck', sentence: `SC${code}: ${message}` } as const];
  });
}

function readComments(stdout: string): z.infer<typeof Comments>['comments'] {
  try {
    return Comments.parse(JSON.parse(stdout)).comments;
  } catch {
    return [];
  }
}

/** Which option Slurm means, by its words. */
const MEANT: readonly (readonly [RegExp, readonly string[]])[] = [
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

/** @param words Slurm's own, why it would refuse the sample script */
export function refusalFinding(words: string, { source, tokens: directiveWords }: Reading): Finding {
  const options = readOptions(directiveWords);
  const named = /'?--([a-z][\w-]*)/.exec(words)?.[1];
  const names = named === undefined ? (MEANT.find(([pattern]) => pattern.test(words))?.[1] ?? []) : [named];
  const option = names.map((name) => options.findLast((candidate) => candidate.name === name)).find(Boolean);
  return {
    // Where its words tell of no option it is the whole request.
    ...positionAt(source.text, (option ?? options[0])?.start ?? 0),
    rule: 'sbatch-refuses',
    sentence: `sbatch --test-only says: ${/[.?!]$/.test(words) ? words : `${words}.`}`,
  };
}
