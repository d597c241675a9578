// Runs programs that are configured as command lines: for `squeue -u ada`, `-u ada` precedes our arguments.
import { splitWords } from '../base/shell-word.ts';
import type { Transport } from './transport.ts';

/** The program of a command line, which is split as a shell would; an empty line is returned as it is. */
export function programOf(line: string): string {
  return splitWords(line)[0] ?? line;
}

/** Splits only the given lines. Any other program is a name or a path. */
export function withCommandLines(host: Transport, lines: readonly string[]): Transport {
  const split = new Map(lines.map((line) => [line, splitWords(line)]));
  return {
    ...host,
    run(command) {
      const [program, ...args] = split.get(command.program) ?? [];
      if (program === undefined) return host.run(command);
      return host.run({ ...command, program, args: [...args, ...command.args] });
    },
  };
}
