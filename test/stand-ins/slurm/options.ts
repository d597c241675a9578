// Parses command lines as Slurm's commands do (getopt_long).

export interface Option {
  readonly long: string;
  readonly short?: string;
  /** `optional` takes a value only behind `=`. */
  readonly value?: 'required' | 'optional';
}

export interface CommandLine {
  /** By long name; a flag's value is empty. */
  readonly options: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** Thrown for an invalid command line; the message is that of Slurm's command. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 255) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * @param isScriptRunner whether everything after the first argument that is not an option belongs to the script, as for sbatch and srun
 * @throws CommandLineError
 */
export function readCommandLine(
  program: string,
  args: readonly string[],
  table: readonly Option[],
  isScriptRunner = false,
): CommandLine {
  const options = new Map<string, string>();
  const rest: string[] = [];
  const waiting = [...args];

  function find(name: string, shown: string): Option {
    const option = table.find(({ long, short }) => (name.length > 1 ? long === name : short === name));
    if (option !== undefined) return option;
    throw new CommandLineError(
      shown.startsWith('--')
        ? `${program}: unrecognized option '${shown}'\nTry "${program} --help" for more information\n`
        : `${program}: invalid option -- '${name}'\nTry "${program} --help" for more information\n`,
    );
  }

  function take(option: Option, attached: string | undefined): void {
    const value = option.value === 'required' ? (attached ?? waiting.shift()) : (attached ?? '');
    if (value === undefined) {
      throw new CommandLineError(
        `${program}: option '--${option.long}' requires an argument\nTry "${program} --help" for more information\n`,
      );
    }
    options.set(option.long, value);
  }

  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    if (arg === '--') {
      rest.push(...waiting);
      break;
    } else if (arg.startsWith('--')) {
      const [name = '', ...value] = arg.slice(2).split('=');
      take(find(name, `--${name}`), value.length > 0 ? value.join('=') : undefined);
    } else if (arg.startsWith('-') && arg.length > 1) {
      const [letter = ''] = arg.slice(1);
      const option = find(letter, arg);
      const attached = arg.slice(2);
      take(option, option.value !== undefined && attached !== '' ? attached : undefined);
      if (option.value === undefined && attached !== '') waiting.unshift(`-${attached}`);
    } else {
      rest.push(arg);
      if (isScriptRunner) {
        rest.push(...waiting);
        break;
      }
    }
  }
  return { options, rest };
}
