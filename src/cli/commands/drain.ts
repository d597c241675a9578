// `drain`: have the daemon finish what it has, and then end.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const drainCommand: Command = {
  name: 'drain',
  group: 'Look and operate',
  describe: 'Have the daemon take nothing new, and end with its last job',
  examples: [{ words: 'drain', does: 'Tell the daemon of the usual state folder' }],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { drain } = await import('../deeds/drain.ts');
    return drain(typed, context);
  },
};
