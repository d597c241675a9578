// Malforms the output of Slurm's commands: truncates and garbles it, adds noise, and adds unreadable rows of other users.
import type { Command, CommandResult } from '../../src/transport/transport.ts';
import type { Random } from '../support/random.ts';

/** Malforms some outputs, and adds unreadable rows of other users to all of them. */
export interface Malformer {
  /** @param isFaultFree if set, no output is malformed; the rows of other users are still added */
  malform(command: Command, result: CommandResult, isFaultFree: boolean): CommandResult;
  /** The number of malformed outputs. */
  count(): number;
}

/** No valid value of Slurm or part of one: a row with such a value is unreadable, not false. */
const GARBAGE = [
  '',
  '?',
  '-1',
  '0',
  '1e9',
  'NaN',
  '(null)',
  '\u0000',
  '\u001b[2J',
  '\u202e17',
  '<html>502 Bad Gateway</html>',
  '9'.repeat(400),
  'x'.repeat(20_000),
  'ü\ufffd',
  '{"job_id": {}}',
];
const NOISE = [
  'Last login: Thu Jan  1 00:00:00 1970 from 10.0.0.1\n',
  'slurm_load_jobs: debug:  nothing\n',
  '\n\n',
  'JobId=\n',
  '\u001b]0;title\u0007\n',
];
const FIELD_END = '\x1f';

export function createMalformer(dice: Random, share: number): Malformer {
  let count = 0;
  const oneOf = (texts: readonly string[]): string => texts[dice.whole(0, texts.length - 1)] ?? '';
  const splice = (text: string, at: number, more: string): string => text.slice(0, at) + more + text.slice(at);

  /** Truncates inside a record of squeue or inside a line: output truncated between them would look complete. */
  function truncate(text: string): string {
    const ends = [...text.matchAll(/\x1d|\n(?! )/g)].map(({ index }) => index);
    for (let tries = 0; tries < 20; tries += 1) {
      const at = dice.whole(1, Math.max(1, text.length - 2));
      if (!ends.some((end) => at >= end && at <= end + 24)) return text.slice(0, at);
    }
    return '';
  }

  /** Garbles one field of one row of squeue or sacct. The name stays, because it identifies our jobs. */
  function garbleField(text: string, { program, args }: Command): string {
    const rows = text.split('\n');
    const at = dice.whole(1, Math.max(1, rows.length - 2));
    const fields = rows[at]?.split(FIELD_END) ?? [];
    const names = args.find((arg) => arg.startsWith('--format='))?.split(program === 'sacct' ? ',' : FIELD_END) ?? [];
    const nameAt = program === 'sacct' ? names.findIndex((name) => name.includes('JobName')) : fields.length - 1;
    const field = dice.whole(program === 'squeue' ? 1 : 0, Math.max(0, fields.length - 1));
    if (field === nameAt || fields.length < 2) return text;
    fields[field] = oneOf(GARBAGE);
    rows[at] = fields.join(FIELD_END);
    return rows.join('\n');
  }

  /** Garbles one value of a record of scontrol. */
  function garbleValue(text: string): string {
    const values = [...text.matchAll(/(?<=\w=)[^\s]*/g)].slice(2);
    const value = values[dice.whole(0, Math.max(0, values.length - 1))];
    if (value === undefined) return text;
    return text.slice(0, value.index) + oneOf(GARBAGE) + text.slice(value.index + value[0].length);
  }

  function noisy(text: string): string {
    const lineStarts = [0, ...[...text.matchAll(/\n(?! )/g)].map(({ index }) => index + 1)];
    return splice(text, lineStarts[dice.whole(0, lineStarts.length - 1)] ?? 0, oneOf(NOISE));
  }

  function malformed(command: Command, result: CommandResult): CommandResult {
    const { program } = command;
    const { stdout } = result;
    const isTable = program === 'squeue' || program === 'sacct';
    // A truncated output of sbatch would be another valid job id.
    const faults: readonly (() => CommandResult)[] = [
      () => ({ ...result, stdout: '' }),
      () => ({ ...result, stdout: noisy(stdout) }),
      () => ({ ...result, stdout: oneOf(GARBAGE).replace(/^\d+$/, '?') }),
      ...(program === 'sbatch' ? [] : [() => ({ ...result, stdout: truncate(stdout) })]),
      ...(program === 'sbatch' ? [] : [() => ({ ...result, exitCode: 1, stderr: 'Segmentation fault\n' })]),
      ...(program === 'sbatch' ? [] : [() => ({ ...result, exitCode: undefined, killedBy: 'SIGSEGV' })]),
      ...(isTable ? [() => ({ ...result, stderr: `${program}: error: ${oneOf(GARBAGE)}!\n` })] : []),
      ...(isTable ? [1, 2, 3].map(() => () => ({ ...result, stdout: garbleField(stdout, command) })) : []),
      ...(program === 'scontrol' ? [1, 2, 3].map(() => () => ({ ...result, stdout: garbleValue(stdout) })) : []),
    ];
    return faults[dice.whole(0, faults.length - 1)]?.() ?? result;
  }

  /** Adds rows of other users' jobs with arbitrary text in their fields. */
  function withOtherUsers(command: Command, result: CommandResult): CommandResult {
    const format = command.args.find((arg) => arg.startsWith('--format='))?.slice('--format='.length);
    if (command.program !== 'squeue' || format === undefined || result.exitCode !== 0) return result;
    const rows = GARBAGE.map((garbage, index) =>
      format.replace(/%(\w)/g, (_, letter: string) => {
        if (letter === 'j') return index % 2 === 0 ? `evil ${garbage}${FIELD_END}1${FIELD_END}RUNNING` : garbage;
        return index % 3 === 0 && (letter === 'A' || letter === 'i') ? `99_${index}` : garbage;
      }),
    );
    return { ...result, stdout: result.stdout + rows.map((row) => `${row}\n`).join('') };
  }

  return {
    malform(command, result, isFaultFree) {
      const whole = withOtherUsers(command, result);
      if (isFaultFree || command.program === 'scancel' || dice.next() >= share) return whole;
      count += 1;
      return malformed(command, whole);
    },
    count: () => count,
  };
}
