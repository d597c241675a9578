// Parses the command line; the only file that knows yargs.
import { Parser } from 'yargs/helpers';
import { nearestName } from '../base/did-you-mean.ts';
import type { Command, Option, CommandContext, ParsedArgs } from './command.ts';
import { COMMANDS } from './all-commands.ts';
import { daemonCommand } from './commands/daemon.ts';
import { EXIT } from '../base/exit-codes.ts';
import { ALWAYS, PROGRAM, spelling } from './common-options.ts';
import { UsageError } from '../base/usage-error.ts';
import { versionText } from '../base/installation.ts';

/**
 * Parses the arguments and runs the command. Returns its exit code.
 * @throws UsageError for invalid arguments, and what the command throws
 */
export async function parseAndRun(words: readonly string[], context: CommandContext): Promise<number> {
  // `help` and `help logs` work as in many programs.
  const { command, typed } = parseCall(words[0] === 'help' ? [...words.slice(1), '--help'] : words);
  if (typed['help'] === true) {
    const { HELP_WIDTH, helpText } = await import('./help-text.ts');
    context.stdout(helpText(command, COMMANDS, Math.min(HELP_WIDTH, context.terminalSize?.().columns ?? HELP_WIDTH)));
    return EXIT.ok;
  }
  if (typed['version'] === true) {
    context.stdout(versionText());
    return EXIT.ok;
  }
  return command.run(typed, context);
}

interface Call {
  readonly command: Command;
  readonly typed: ParsedArgs;
}

/** A misspelled option or command is an error, never ignored. */
function parseCall(words: readonly string[]): Call {
  const command = commandOf(words);
  const options = { ...command.options, ...ALWAYS };
  const { words: positionals, typed } = parseWords(words, options);
  refuseUnknown(typed, options, command);
  for (const [name, option] of Object.entries(options)) refuseValue(name, option, typed[name]);
  return {
    command,
    typed: { ...typed, ...namePositionals(command, positionals.slice(command.name === undefined ? 0 : 1)) },
  };
}

/** The first argument that belongs to no option. Options may precede it, so the options of all commands must be known. */
function commandOf(words: readonly string[]): Command {
  const all = [...COMMANDS, daemonCommand].flatMap(({ options }) => Object.entries(options));
  const [name] = parseWords(words, { ...Object.fromEntries(all), ...ALWAYS }).words;
  return COMMANDS.find((command) => command.name === name) ?? daemonCommand;
}

interface Read {
  readonly typed: ParsedArgs;
  /** Arguments that belong to no option. */
  readonly words: readonly string[];
}

function parseWords(words: readonly string[], options: Readonly<Record<string, Option>>): Read {
  const entries = Object.entries(options);
  const namesOf = (type: Option['type']): string[] =>
    entries.filter(([, option]) => option.type === type).map(([name]) => name);
  const { _: others, ...typed } = Parser([...words], {
    string: [...namesOf('string'), ...namesOf('array')],
    boolean: namesOf('boolean'),
    array: namesOf('array'),
    alias: Object.fromEntries(entries.map(([name, { alias }]) => [name, alias ?? []])),
    configuration: {
      // One spelling in code, help and messages.
      'camel-case-expansion': false,
      'strip-aliased': true,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    },
  });
  return { typed, words: others.map(String) };
}

function refuseUnknown(typed: ParsedArgs, options: Readonly<Record<string, Option>>, command: Command): void {
  const known = Object.keys(options);
  for (const name of Object.keys(typed)) {
    if (known.includes(name)) continue;
    // Not that of `--constructor`, which every object has.
    const foreign = Object.hasOwn(FOREIGN_OPTIONS, name) ? FOREIGN_OPTIONS[name] : undefined;
    if (foreign !== undefined) throw new UsageError(`--${name} ${foreign}`);
    const near = nearestName(name, known);
    throw new UsageError(`Unknown option --${name}.${near === undefined ? seeHelp(command) : didYouMean(`--${near}`)}`);
  }
}

function refuseValue(name: string, option: Option, value: unknown): void {
  const values = [value].flat().filter((one) => typeof one === 'string');
  if (option.type === 'string' && option.isValueOptional !== true && values.includes(''))
    throw new UsageError(`--${name} requires a value: ${spelling(name, option)}.`);
  const { choices } = option;
  const wrong = values.find((one) => choices?.includes(one) === false);
  if (choices === undefined || wrong === undefined) return;
  const near = nearestName(wrong, choices);
  throw new UsageError(
    `--${name} must be one of ${choices.join(', ')}, not "${wrong}".${near === undefined ? '' : didYouMean(near)}`,
  );
}

/** @throws UsageError for an unexpected argument */
function namePositionals({ argument }: Command, words: readonly string[]): ParsedArgs {
  const isList = argument?.usage.includes('...') === true;
  const [tooMuch] = isList ? [] : words.slice(argument === undefined ? 0 : 1);
  if (tooMuch !== undefined) {
    const commands = COMMANDS.map((command) => command.name).filter((word) => word !== undefined);
    const near = nearestName(tooMuch, commands);
    throw new UsageError(`Unknown command "${tooMuch}".${near === undefined ? seeHelp() : didYouMean(near)}`);
  }
  if (argument === undefined || words.length === 0) return {};
  return { [argument.name]: isList ? words : words[0] };
}

function didYouMean(name: string): string {
  return ` Did you mean ${name}?`;
}

function seeHelp(command?: Command): string {
  return ` See ${[PROGRAM, command?.name, '--help'].filter((word) => word !== undefined).join(' ')}.`;
}

const AGENT = 'is an option of clearml-agent';

/** Options of clearml-agent that users may try here: the message for each, and the alternative. */
const FOREIGN_OPTIONS: Readonly<Record<string, string>> = {
  'use-pbs': 'is not supported: this program works with Slurm only, not with PBS.',
  gpus: `${AGENT}; here, the template sets the number of GPUs: #SBATCH --gres=gpu:1`,
  'cpu-only': `${AGENT}; here, a job gets only the GPUs that its template requests.`,
  'dynamic-gpus': `${AGENT}; here, Slurm allocates the GPUs that the template of each queue requests.`,
  docker: `${AGENT}; here, images run with Apptainer or Singularity: use --singularity-mode.`,
  'force-current-version': `${AGENT}; here, agent.slurm.agent_version sets the version of the agent.`,
  'services-mode': `${AGENT}; here, every task is a Slurm job, and Slurm decides how many run at once.`,
  'use-owner-token':
    'is not supported: only the Enterprise server issues tokens of other users; jobs use the keys of clearml.conf.',
  debug: `${AGENT}; use --log-level debug.`,
  status: `${AGENT}; use the command: clearml-agent-slurm status.`,
};
