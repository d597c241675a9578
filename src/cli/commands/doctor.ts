// `doctor`: look at everything that a task needs on its way, and say of each thing that is in the way what to do.
import { EXIT } from '../../base/exit-codes.ts';
import { painter } from '../../base/paint.ts';
import { UsageError } from '../../base/usage-error.ts';
import { switchOption, textOption } from '../typed-options.ts';
import type { Command, ParsedArgs } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  group: 'Begin',
  describe: 'Check configuration, server, cluster and templates: what is in the way, and the fix',
  examples: [
    { commandLine: 'doctor', effect: 'Look at everything from here' },
    { commandLine: 'doctor --on-node --partition gpu', effect: 'From a node of this partition too' },
  ],
  options: {
    'on-node': { type: 'boolean', describe: 'Look around on a node too, by a job of one minute' },
    partition: {
      value: 'NAME',
      type: 'string',
      describe: 'The partition of that job (default: that of Slurm)',
    },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...QUEUE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { commonOptions } = await import('../setting-options.ts');
    const { examineSite } = await import('../../doctor/examine-site.ts');
    const { countFailed, formatDoctorJson, formatSections, formatSummary } = await import('../../doctor/report.ts');
    const { knownSecrets } = await import('../../assembly/known-secrets.ts');
    const onNode = switchOption(typed, 'on-node') ?? false;
    const options = { ...commonOptions(typed), onNode, partition: partitionOption(typed) };
    const sections = await examineSite(options, context);
    const columns = context.terminalSize?.().columns ?? Infinity;
    const text =
      switchOption(typed, 'json') === true
        ? formatDoctorJson(sections)
        : formatSections(sections, { paint: painter(context), columns }) + formatSummary(sections);
    // Output of programs and servers may contain secrets.
    context.stdout(knownSecrets(context).redact(text));
    return countFailed(sections) > 0 ? EXIT.failed : EXIT.ok;
  },
};

/** It becomes a line of the job script. */
function partitionOption(typed: ParsedArgs): string | undefined {
  const partition = textOption(typed, 'partition');
  if (partition === undefined || /^[\w.,-]+$/.test(partition)) return partition;
  throw new UsageError(`--partition needs the name of a partition, as sinfo shows it, not "${partition}".`);
}
