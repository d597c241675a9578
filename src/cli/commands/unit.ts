// `unit`: prints a file that keeps the daemon running.
import { EXIT } from '../../base/exit-codes.ts';
import { nearestName } from '../../base/did-you-mean.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { UnitKind } from '../../init/generate-unit-files.ts';
import { textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, HTTP_OPTION, QUEUE_OPTIONS } from '../common-options.ts';

const KINDS: readonly UnitKind[] = ['systemd', 'cron', 'scrontab', 'slurm-job'];

export const unitCommand: Command = {
  name: 'unit',
  argument: { name: 'kind', usage: 'KIND', means: 'systemd, cron, scrontab, or slurm-job', choices: KINDS },
  group: 'Set up',
  describe: 'Print a systemd unit, a crontab line or a job script that runs the daemon',
  examples: [
    { commandLine: 'unit systemd --queue gpu --template-files gpu.template', effect: 'Print a systemd unit' },
    { commandLine: 'unit cron --queue gpu --template-files gpu.template', effect: 'Print a crontab line' },
  ],
  options: {
    ...QUEUE_OPTIONS,
    'order-fairness': { type: 'boolean', describe: 'Claim tasks from the queues in turn, not by priority' },
    http: HTTP_OPTION,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { readQueues } = await import('../../assembly/read-queue-templates.ts');
    const { describeLeftVariables, UNIT_FILES, unitSite } = await import('../../init/generate-unit-files.ts');
    const kind = unitKind(textOption(typed, 'kind'));
    const { settings } = readConfigured(typed, context).config;
    // A unit is printed only for a configuration that the daemon can serve.
    await readQueues(settings, context.workingDir);
    const command = without(context.startedAs, ['unit', kind]);
    context.stdout(UNIT_FILES[kind](unitSite(command, context, settings)));
    context.stderr(describeLeftVariables(context) ?? '');
    return EXIT.ok;
  },
};

function unitKind(word: string | undefined): UnitKind {
  const kind = KINDS.find((known) => known === word);
  if (kind !== undefined) return kind;
  const nearest = word === undefined ? undefined : nearestName(word, KINDS);
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  const fact = word === undefined ? 'unit needs a KIND' : `Unknown kind "${word}"`;
  throw new UsageError(`${fact}: use ${KINDS.join(', ')}.${hint}`);
}

/** The command line without the first occurrence of each given argument. */
function without(words: readonly string[], given: readonly string[]): string[] {
  const left = [...words];
  // The first argument is the path of Node, which may have any name.
  for (const word of given) left.splice(left.indexOf(word, 1), left.includes(word) ? 1 : 0);
  return left;
}
