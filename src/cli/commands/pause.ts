// `pause`: claims no tasks of a queue or cluster until it is resumed.
import type { ProcessContext } from '../../assembly/process-context.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { Command, ParsedArgs } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';
import { listOption, momentOption, textOption } from '../typed-options.ts';

/** A status message wraps, but a log line does not. */
const LONGEST_REASON = 200;

export const pauseCommand: Command = {
  name: 'pause',
  argument: { name: 'queues', usage: '[QUEUE...]', means: 'Queues by name or id (default: all queues)' },
  group: 'Operate',
  describe: 'Stop claiming tasks from a queue or a cluster; jobs in Slurm continue',
  examples: [
    { commandLine: 'pause', effect: 'Pause all queues until you run resume' },
    { commandLine: 'pause gpu --until 2h --reason "new drivers"', effect: 'Pause one queue for two hours' },
    { commandLine: 'pause --cluster hpc1 --until 2026-12-01T08:00', effect: 'Pause a cluster until a local time' },
  ],
  options: {
    until: {
      value: 'TIME',
      type: 'string',
      describe: 'End of the pause: a local time such as 2026-12-01T08:00, or a duration such as 30m, 2h or 3d',
    },
    reason: {
      value: 'TEXT',
      type: 'string',
      describe: 'Reason for the pause; shown by status and by each waiting task',
    },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { printResult } = await import('../print-output.ts');
    const { readConfigured } = await import('../setting-options.ts');
    const { pauseQueues } = await import('../../daemon/pause/pause-queues.ts');
    const { systemClock } = await import('../../base/clock.ts');
    const request = {
      queues: listOption(typed, 'queues') ?? [],
      until: momentOption(typed, 'until', systemClock.now()),
      reason: parseReason(typed),
      by: userOf(context.environment),
    };
    printResult(context, await pauseQueues(readConfigured(typed, context), request));
    return EXIT.ok;
  },
};

/** Who called sudo, if the command runs as the user of the daemon; only for display. */
function userOf(environment: ProcessContext['environment']): string | undefined {
  return [environment['SUDO_USER'], environment['LOGNAME'], environment['USER']].find(
    (name) => name !== undefined && /^[\w.@+-]{1,64}$/.test(name),
  );
}

function parseReason(typed: ParsedArgs): string {
  const reason = textOption(typed, 'reason') ?? '';
  if (reason.length > LONGEST_REASON || /\p{Cc}/u.test(reason))
    throw new UsageError(`--reason must be one line of at most ${LONGEST_REASON} characters.`);
  return reason.trim();
}
