// The command line as yargs reads it; the only file that knows yargs.
import yargs, { type Argv } from 'yargs';
import { nearestName } from '../base/nearest.ts';
import type { Command, Surroundings, Typed } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import { FOREIGN_OPTIONS } from './foreign-options.ts';
import { ALWAYS, helpText, PROGRAM } from './help-text.ts';
import { UsageProblem } from './usage-problem.ts';
import { versionText } from './version.ts';

/**
 * Reads the words and runs their command. Returns its exit code.
 * @throws UsageProblem for words that can't be meant, and whatever the command throws
 */
export async function parseAndRun(words: readonly string[], around: Surroundings): Promise<number> {
  // As many programs take it: `help`, and `help logs`.
  const call = readCall(words[0] === 'help' ? [...words.slice(1), '--help'] : words);
  refuseUnknown(call);
  const { command, typed } = call;
  if (typed['help'] === true) {
    around.stdout(helpText(command, COMMANDS));
    return EXIT.ok;
  }
  if (typed['version'] === true) {
    around.stdout(await versionText());
    return EXIT.ok;
  }
  return command.run(typed, around);
}

interface Call {
  readonly command: Command;
  readonly typed: Typed;
}

function readCall(words: readonly string[]): Call {
  const calls: Call[] = [];
  let parser: Argv = yargs([...words])
    .scriptName(PROGRAM)
    // Dashed names only: one spelling in the code, in the help and in messages.
    .parserConfiguration({
      'strip-dashed': false,
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .version(false)
    .help(false)
    .exitProcess(false)
    .fail(false);

  for (const command of COMMANDS) {
    parser = parser.command(
      [command.name ?? '$0', command.positionals].filter((word) => word !== undefined).join(' '),
      command.describe,
      (sub) => sub.options({ ...command.options, ...ALWAYS }),
      (typed) => void calls.push({ command, typed }),
    );
  }

  try {
    parser.parseSync();
  } catch (error) {
    // No command has run yet: only yargs itself can have thrown, about a value that is missing or none of the choices.
    const fact = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
    throw new UsageProblem(`${fact}. See clearml-agent-slurm --help.`);
  }
  const [call] = calls;
  if (call === undefined) throw new RangeError('every line of words is a call of some command');
  return call;
}

/** A misspelt option or command is never ignored: it would quietly do something else than was meant. */
function refuseUnknown({ typed, command }: Call): void {
  const positionals: readonly string[] = (command.positionals ?? '').match(/[a-z]+/g) ?? [];
  const options = { ...command.options, ...ALWAYS };
  const aliases = Object.values(options).flatMap(({ alias }) => alias ?? []);
  const known = [...Object.keys(options), ...aliases];
  for (const name of Object.keys(typed)) {
    if (name === '_' || name === '$0' || known.includes(name) || positionals.includes(name)) continue;
    const foreign = FOREIGN_OPTIONS[name];
    if (foreign !== undefined) throw new UsageProblem(`--${name} ${foreign}`);
    throw new UsageProblem(`There is no option --${name}.${didYouMean(nearestName(name, known), '--')}`);
  }
  const [word] = (typed['_'] as readonly string[]).slice(command.name === undefined ? 0 : 1);
  if (word === undefined) return;
  const commands = COMMANDS.map(({ name }) => name).filter((name) => name !== undefined);
  throw new UsageProblem(`There is no command "${word}".${didYouMean(nearestName(word, commands), '')}`);
}

function didYouMean(name: string | undefined, dashes: string): string {
  return name === undefined ? ' See clearml-agent-slurm --help.' : ` Did you mean ${dashes}${name}?`;
}
