// A host on which a program may be configured as a command line: `squeue -u ada` is squeue, with `-u ada` in front of our arguments.
import { splitWords } from '../base/shell-word.ts';
import type { Transport } from './transport.ts';

/** The first word of a command line, split as a shell would; the text itself where there is none. */
export function programOf(line: string): string {
  return splitWords(line)[0] ?? line;
}

/** Only these lines are split: any other program is a name or a path, whatever it holds. */
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
