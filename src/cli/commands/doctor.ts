// `doctor`: look at everything that a task needs on its way, and say of each thing that is in the way what to do.
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  group: 'Begin',
  describe: 'Check configuration, server, cluster and templates: what is in the way, and the fix',
  examples: [
    { words: 'doctor', does: 'Look at everything from here' },
    { words: 'doctor --on-node --partition gpu', does: 'From a node of this partition too' },
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
    const { doctor } = await import('../deeds/doctor.ts');
    return doctor(typed, context);
  },
};
