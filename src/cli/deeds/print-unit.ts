// Prints a file that runs the daemon as it would be run here and now, with the same options.
import { commonOptions } from '../setting-options.ts';
import { nearestName } from '../../base/nearest.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { readQueues } from '../../assembly/read-queues.ts';
import { textOption } from '../typed-options.ts';
import { UNIT_FILES, unitSite, type UnitKind } from '../../init/unit-files.ts';
import { UsageError } from '../../base/usage-error.ts';

/** Only for what the daemon could serve. @throws UsageError, ConfigError, TemplateError */
export async function printUnit(typed: Typed, context: CommandContext): Promise<number> {
  const { startedAs, workingDir } = context;
  const kind = unitKind(textOption(typed, 'kind'));
  const { settings } = readConfig(commonOptions(typed), context);
  await readQueues(settings, workingDir);
  const command = without(startedAs, ['unit', kind]);
  context.stdout(UNIT_FILES[kind](unitSite(command, context, settings.clusters)));
  return EXIT.ok;
}

function unitKind(word: string | undefined): UnitKind {
  const kinds = Object.keys(UNIT_FILES) as UnitKind[];
  const kind = kinds.find((known) => known === word);
  if (kind !== undefined) return kind;
  const nearest = word === undefined ? undefined : nearestName(word, kinds);
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  const fact = word === undefined ? 'unit needs a kind' : `"${word}" is no kind of unit`;
  throw new UsageError(`${fact}: name one of ${kinds.join(', ')}.${hint}`);
}

/** The words without the first of each of these, so that the daemon's own are left. */
function without(words: readonly string[], given: readonly string[]): string[] {
  const left = [...words];
  // The first word is Node itself, whose path may be called anything.
  for (const word of given) left.splice(left.indexOf(word, 1), left.includes(word) ? 1 : 0);
  return left;
}
