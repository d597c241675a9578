// `unit`: print a file that keeps the daemon running at this site.
import { EXIT } from '../../base/exit-codes.ts';
import { nearestName } from '../../base/nearest.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { UnitKind } from '../../init/unit-files.ts';
import { textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

const KINDS: readonly UnitKind[] = ['systemd', 'cron', 'scrontab', 'slurm-job'];

export const unitCommand: Command = {
  name: 'unit',
  positionals: '[kind]',
  argument: { usage: 'KIND', means: 'systemd, cron, scrontab, or slurm-job' },
  kinds: KINDS,
  group: 'Begin',
  describe: 'Print a ready file for systemd, cron, scrontab, or a Slurm job',
  examples: [
    { commandLine: 'unit systemd --queue gpu --template-files gpu.template', effect: 'A unit for systemd' },
    { commandLine: 'unit cron --queue gpu --template-files gpu.template', effect: 'A line for crontab' },
  ],
  options: {
    ...QUEUE_OPTIONS,
    'order-fairness': { type: 'boolean', describe: 'Take from the queues in turn, not by priority' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { readQueues } = await import('../../assembly/read-queues.ts');
    const { UNIT_FILES, unitSite } = await import('../../init/unit-files.ts');
    const kind = unitKind(textOption(typed, 'kind'));
    const { settings } = readConfigured(typed, context).config;
    // A unit is printed only for a configuration that the daemon can serve.
    await readQueues(settings, context.workingDir);
    const command = without(context.startedAs, ['unit', kind]);
    context.stdout(UNIT_FILES[kind](unitSite(command, context, settings.clusters)));
    return EXIT.ok;
  },
};

function unitKind(word: string | undefined): UnitKind {
  const kind = KINDS.find((known) => known === word);
  if (kind !== undefined) return kind;
  const nearest = word === undefined ? undefined : nearestName(word, KINDS);
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  const fact = word === undefined ? 'unit needs a kind' : `"${word}" is no kind of unit`;
  throw new UsageError(`${fact}: name one of ${KINDS.join(', ')}.${hint}`);
}

/** The words without the first of each of these, so that the daemon's own are left. */
function without(words: readonly string[], given: readonly string[]): string[] {
  const left = [...words];
  // The first word is Node itself, whose path may be called anything.
  for (const word of given) left.splice(left.indexOf(word, 1), left.includes(word) ? 1 : 0);
  return left;
}
