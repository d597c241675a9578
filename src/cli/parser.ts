// The command line as yargs reads it; the only file that knows yargs.
import yargs, { type Argv } from 'yargs';
import { nearestName } from '../base/nearest.ts';
import type { Command, Surroundings, Typed } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import { UsageProblem } from './usage-problem.ts';
import { readVersion } from './version.ts';

/**
 * Reads the words and runs their command. Returns its exit code.
 * @throws UsageProblem for words that can't be meant, and whatever the command throws
 */
export async function parseAndRun(words: readonly string[], around: Surroundings): Promise<number> {
  const call = readCall(words, await readVersion(), around);
  // Help or the version was asked for, and given.
  if (call === undefined) return EXIT.ok;
  refuseUnknown(call);
  return call.command.run(call.typed, around);
}

interface Call {
  readonly command: Command;
  readonly typed: Typed;
}

function readCall(words: readonly string[], version: string, { stdout }: Surroundings): Call | undefined {
  const calls: Call[] = [];
  let parser: Argv = yargs([...words])
    .scriptName('clearml-agent-slurm')
    .usage('$0 [options]\n\nRuns ClearML tasks as Slurm jobs: each queue by the sbatch template that is given for it.')
    // Dashed names only: one spelling in the code, in the help and in messages.
    .parserConfiguration({
      'strip-dashed': false,
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .version(version)
    .help()
    .alias('h', 'help')
    .wrap(80)
    .exitProcess(false)
    .fail(false);

  for (const command of COMMANDS) {
    parser = parser.command(
      [command.name ?? '$0', command.positionals].filter((word) => word !== undefined).join(' '),
      command.describe,
      (sub) => sub.options(command.options),
      (typed) => void calls.push({ command, typed }),
    );
  }

  try {
    // With a callback yargs hands over what it would print: help and version.
    parser.parseSync([...words], {}, (_error, _typed, output) => {
      if (output !== '') stdout(`${output}\n`);
    });
  } catch (error) {
    // No command has run yet: only yargs itself can have thrown, about a value that is missing or none of the choices.
    const fact = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
    throw new UsageProblem(`${fact}. See clearml-agent-slurm --help.`);
  }
  return calls[0];
}

/** A misspelt option or command is never ignored: it would quietly do something else than was meant. */
function refuseUnknown({ typed, command }: Call): void {
  const positionals: readonly string[] = (command.positionals ?? '').match(/[a-z]+/g) ?? [];
  const aliases = Object.values(command.options).flatMap(({ alias }) => alias ?? []);
  const known = [...Object.keys(command.options), ...aliases, 'help', 'h', 'version'];
  for (const name of Object.keys(typed)) {
    if (name === '_' || name === '$0' || known.includes(name) || positionals.includes(name)) continue;
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
