// `demo`: runs three tasks with a sandbox server, on the cluster of this machine or on a stand-in.
import { EXIT } from '../../base/exit-codes.ts';
import type { Command } from '../command.ts';

/** The first argument with which the stand-ins for Slurm's commands start this program; all others are theirs. */
export const SLURM_COMMAND = '__slurm-command';

export const demoCommand: Command = {
  name: 'demo',
  group: 'Set up',
  describe: 'Run three example tasks with a temporary ClearML server',
  examples: [{ commandLine: 'demo', effect: "Use the cluster that sinfo finds, or simulate Slurm's commands" }],
  options: {},
  async run(_typed, context) {
    const { runInstalledDemo } = await import('#demo');
    const command = context.startedAs.slice(0, context.startedAs.indexOf('demo', 1));
    return (await runInstalledDemo({ command, slurmCommand: SLURM_COMMAND }, context.stop)) ? EXIT.ok : EXIT.failed;
  },
};
