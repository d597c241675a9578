// `resume`: claims tasks of a paused queue or cluster again.
import { EXIT } from '../../base/exit-codes.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';
import { listOption } from '../typed-options.ts';

export const resumeCommand: Command = {
  name: 'resume',
  argument: { name: 'queues', usage: '[QUEUE...]', means: 'Queues by name or id (default: all queues)' },
  group: 'Operate',
  describe: 'End a pause',
  examples: [
    { commandLine: 'resume', effect: 'Resume all queues' },
    { commandLine: 'resume gpu', effect: 'Resume one queue' },
  ],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { printResult } = await import('../print-output.ts');
    const { readConfigured } = await import('../setting-options.ts');
    const { resumeQueues } = await import('../../daemon/pause/pause-queues.ts');
    printResult(context, await resumeQueues(readConfigured(typed, context), listOption(typed, 'queues') ?? []));
    return EXIT.ok;
  },
};
