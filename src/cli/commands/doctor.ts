// `doctor`: checks everything that a task needs, and names the fix of each problem.
import { EXIT } from '../../base/exit-codes.ts';
import { painter } from '../../base/terminal-text.ts';
import { UsageError } from '../../base/usage-error.ts';
import { isOn, textOption } from '../typed-options.ts';
import type { Command, ParsedArgs } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  group: 'Set up',
  describe: 'Check the configuration, server, cluster and templates',
  examples: [
    { commandLine: 'doctor', effect: 'Run all checks on this machine' },
    { commandLine: 'doctor --on-node --as ada', effect: 'Check a node with a job of the Unix user ada' },
    { commandLine: 'doctor --on-node --partition gpu', effect: 'Also check a node of the partition gpu' },
  ],
  options: {
    'on-node': { type: 'boolean', describe: 'Also check a node, with a one-minute job' },
    partition: {
      value: 'NAME',
      type: 'string',
      describe: "Partition of the one-minute job (default: Slurm's default partition)",
    },
    as: {
      value: 'USER',
      type: 'string',
      describe: 'Run the one-minute job as this Unix user of agent.slurm.user_map',
    },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...QUEUE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { commonOptions } = await import('../setting-options.ts');
    const { runDoctor } = await import('../../doctor/run-doctor.ts');
    const { countFailed, formatDoctorJson, formatSections, formatSummary } =
      await import('../../doctor/format-report.ts');
    const { knownSecrets } = await import('../../assembly/process-context.ts');
    const onNode = isOn(typed, 'on-node');
    const runAs = textOption(typed, 'as');
    if (runAs !== undefined && !onNode) throw new UsageError('--as needs --on-node.');
    const options = { ...commonOptions(typed), onNode, partition: partitionOption(typed), runAs };
    const sections = await runDoctor(options, context);
    const columns = context.terminalSize?.().columns ?? Infinity;
    const text = isOn(typed, 'json')
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
  throw new UsageError(`--partition must be a partition name as sinfo shows it, not "${partition}".`);
}
