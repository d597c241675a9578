// The command line as yargs reads it; the only file that knows yargs.
import yargs, { type Argv } from 'yargs';
import { nearestName } from '../base/nearest.ts';
import type { Command, Option, Surroundings, Typed } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import { FOREIGN_OPTIONS } from './foreign-options.ts';
import { ALWAYS, HELP_WIDTH, helpText, PROGRAM, spelling } from './help-text.ts';
import { textOption } from './typed-options.ts';
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
    around.stdout(helpText(command, COMMANDS, Math.min(HELP_WIDTH, around.terminalSize?.().columns ?? HELP_WIDTH)));
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
      (sub) => sub.options(withoutChoices({ ...command.options, ...ALWAYS })),
      (typed) => void calls.push({ command, typed }),
    );
  }

  try {
    parser.parseSync();
  } catch (error) {
    // No command has run yet: only yargs itself can have thrown, about a value that is missing.
    const fact = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
    const [, name = ''] = /^Not enough arguments following: (\S+)$/.exec(fact) ?? [];
    throw new UsageProblem(missingValue(name) ?? `${fact}.${seeHelp(words[0])}`);
  }
  const [call] = calls;
  if (call === undefined) throw new RangeError('every line of words is a call of some command');
  return call;
}

/** What may be chosen is checked here: yargs' own sentence about it is none. */
function withoutChoices(options: Readonly<Record<string, Option>>): Record<string, Option> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const own: Option = { ...option };
      delete own.choices;
      return [name, own];
    }),
  );
}

/** @param word the option's name, or its letter */
function missingValue(word: string): string | undefined {
  const options = COMMANDS.flatMap((command) => Object.entries(command.options));
  const found = options.find(([name, { alias }]) => name === word || [alias ?? []].flat().includes(word));
  return found === undefined ? undefined : `--${found[0]} needs a value: ${spelling(...found)}.`;
}

/** A misspelt option, choice or command is never ignored: it would quietly do something else than was meant. */
function refuseUnknown({ typed, command }: Call): void {
  const positionals: readonly string[] = (command.positionals ?? '').match(/[a-z]+/g) ?? [];
  const options: Readonly<Record<string, Option>> = { ...command.options, ...ALWAYS };
  const aliases = Object.values(options).flatMap(({ alias }) => alias ?? []);
  const known = [...Object.keys(options), ...aliases];
  for (const name of Object.keys(typed)) {
    if (name === '_' || name === '$0' || known.includes(name) || positionals.includes(name)) continue;
    const foreign = FOREIGN_OPTIONS[name];
    if (foreign !== undefined) throw new UsageProblem(`--${name} ${foreign}`);
    const near = nearestName(name, known);
    throw new UsageProblem(
      `There is no option --${name}.${near === undefined ? seeHelp(command.name) : didYouMean(`--${near}`)}`,
    );
  }
  for (const [name, { choices }] of Object.entries(options)) {
    if (choices === undefined) continue;
    const value = textOption(typed, name);
    if (value !== undefined) refuseOther(`--${name}`, value, choices.map(String));
  }
  const [word] = (typed['_'] as readonly string[]).slice(command.name === undefined ? 0 : 1);
  if (word === undefined) return;
  const commands = COMMANDS.map(({ name }) => name).filter((name) => name !== undefined);
  const near = nearestName(word, commands);
  throw new UsageProblem(`There is no command "${word}".${near === undefined ? seeHelp() : didYouMean(near)}`);
}

function refuseOther(option: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  const near = nearestName(value, choices);
  throw new UsageProblem(
    `${option} is one of ${choices.join(', ')}, not "${value}".${near === undefined ? '' : didYouMean(near)}`,
  );
}

function didYouMean(name: string): string {
  return ` Did you mean ${name}?`;
}

/** @param command its name, where there is one of that name */
function seeHelp(command?: string): string {
  const isKnown = command !== undefined && COMMANDS.some(({ name }) => name === command);
  return ` See ${[PROGRAM, ...(isKnown ? [command] : []), '--help'].join(' ')}.`;
}
