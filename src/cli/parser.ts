// The command line as yargs reads it; the only file that knows yargs.
import yargs, { type Argv } from 'yargs';
import { nearestName } from '../base/nearest.ts';
import type { Command, Surroundings, Typed } from './command.ts';
import { COMMANDS } from './commands.ts';
import { UsageProblem } from './usage-problem.ts';
import { readVersion } from './version.ts';

/**
 * Reads the words and runs their command. Returns its exit code.
 * @throws UsageProblem for words that can't be meant, and whatever the command throws
 */
export async function parseAndRun(words: readonly string[], around: Surroundings): Promise<number> {
  let code = 0;
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
    .version(await readVersion())
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
      async (typed) => {
        refuseUnknown(typed, command);
        code = await command.run(typed, around);
      },
    );
  }

  // With a callback yargs hands over what it would print: help and version.
  await parser.parseAsync([...words], {}, (_error, _typed, output) => {
    if (output !== '') around.stdout(`${output}\n`);
  });
  return code;
}

/** A misspelt option or command is never ignored: it would quietly do something else than was meant. */
function refuseUnknown(typed: Typed, command: Command): void {
  const positionals: readonly string[] = (command.positionals ?? '').match(/[a-z]+/g) ?? [];
  const known = [...Object.keys(command.options), 'help', 'h', 'version'];
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
