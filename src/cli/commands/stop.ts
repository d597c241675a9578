// `stop`: end the daemon, and leave its jobs alone.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const stopCommand: Command = {
  name: 'stop',
  group: 'Look and operate',
  describe: 'Stop the daemon of this state folder; its jobs go on',
  examples: [{ words: 'stop', does: 'Stop the daemon of the usual state folder' }],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { stop } = await import('../deeds/stop.ts');
    return stop(typed, context);
  },
};
