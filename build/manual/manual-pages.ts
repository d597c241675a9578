// The manual: clearml-agent-slurm(1) from the commands and their options, clearml-agent-slurm(5) from the settings. Pure.
import { NAMED_VARIABLES, OTHER_VARIABLES } from '../../src/config/environment-variables.ts';
import { clearmlRows, settingRows, type SettingRow } from '../../src/config/schema/settings-rows.ts';
import { COMMAND_GROUPS, type Command } from '../../src/cli/command.ts';
import { EXIT_MEANINGS } from '../../src/base/exit-codes.ts';
import { argumentName, meaning, optionGroups, PURPOSE, usageOf } from '../../src/cli/help-text.ts';
import { PROGRAM, spelling } from '../../src/cli/common-options.ts';
import { roffExample, roffItem, roffPage, roffParagraph, roffSection, roffText } from './roff.ts';

/** Section 1: what can be typed. */
export function commandsPage(commands: readonly Command[]): string {
  const [whole, ...named] = commands;
  if (whole === undefined) throw new RangeError('there are commands');
  return roffPage(PROGRAM.toUpperCase(), 1, [
    roffSection('Name', `${roffText(`${PROGRAM} - runs ClearML tasks as Slurm jobs`)}\n`),
    roffSection('Synopsis', roffParagraph(`\`${usageOf(whole)}\``), roffParagraph(`\`${PROGRAM}\` COMMAND [options]`)),
    roffSection('Description', `${roffText(PURPOSE)}\n`),
    roffSection('Examples', ...examples(whole)),
    roffSection('Options', ...options(whole)),
    roffSection(
      'Commands',
      ...COMMAND_GROUPS.flatMap((group) => named.filter((one) => one.group === group)).flatMap(commandPart),
    ),
    roffSection('Exit status', ...EXIT_MEANINGS.map(([code, means]) => roffItem(code, `${means}.`))),
    roffSection('Files', roffItem('~/clearml.conf', `The settings, see ${PROGRAM}(5).`)),
    roffSection('See also', `${PROGRAM}(5), sbatch(1), squeue(1)\n`),
  ]);
}

function commandPart(command: Command): string[] {
  const { argument } = command;
  return [
    `.SS ${roffText(usageOf(command))}\n`,
    roffParagraph(`${command.describe}.`),
    ...examples(command),
    ...(argument === undefined ? [] : [roffItem(argumentName(argument), `${argument.means}.`)]),
    ...options(command),
  ];
}

function examples({ examples: all }: Command): string[] {
  return all.flatMap(({ commandLine: words, effect: does }) => [
    roffParagraph(`${does}:`),
    roffExample(shellLines(`${PROGRAM} ${words}`)),
  ]);
}

/** What man has room for in a terminal of 80 columns. */
const WIDTH = 71;

/** Wraps a long command line with backslashes, so that it can still be copied. */
function shellLines(line: string): string {
  const lines: string[] = [];
  for (const part of line.split(/ (?=--)/)) {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${part} \\`.length > WIDTH)
      lines.push(last === undefined ? part : `    ${part}`);
    else lines[lines.length - 1] = `${last} ${part}`;
  }
  return lines.join(' \\\n');
}

function options(command: Command): string[] {
  return optionGroups(command).flatMap(([, group]) =>
    group.map(([name, option]) => roffItem(spelling(name, option), `${meaning(option)}.`)),
  );
}

/** Section 5: what can be set. */
export function settingsPage(): string {
  return roffPage(PROGRAM.toUpperCase(), 5, [
    roffSection('Name', `${roffText(`${PROGRAM} - the settings of ${PROGRAM} in clearml.conf`)}\n`),
    roffSection(
      'Description',
      `${roffText(`\`${PROGRAM}\` reads the same file as clearml-agent, in the same format (HOCON): that of \`--config-file\`, else of \`CLEARML_CONFIG_FILE\`, else \`~/clearml.conf\`.`)}\n`,
      roffParagraph(
        'Environment variables take precedence over the file, and the command line over both. `clearml-agent-slurm config --origins` prints the effective settings and the source of each.',
      ),
    ),
    roffSection('Settings under agent.slurm', ...settingRows().map((row) => roffItem(row.name, settingText(row)))),
    roffSection("ClearML's own settings", ...clearmlRows().map(({ name, meaning: text }) => roffItem(name, text))),
    roffSection(
      'Environment',
      ...NAMED_VARIABLES.map(({ names, path }) => roffItem(names.join(', '), `Replaces \`${path}\`.`)),
      ...Object.values(OTHER_VARIABLES).map(({ names, meaning: text }) => roffItem(names.join(', '), text)),
    ),
    roffSection('See also', `${PROGRAM}(1)\n`),
  ]);
}

function settingText({ type, fallback, least, meaning: text }: SettingRow): string {
  const bounds = least === undefined || least === 0 ? '' : `, at least ${least}`;
  const usual = fallback === undefined ? '' : `, by default \`${fallback}\``;
  return `${text} (${type}${bounds}${usual})`;
}
