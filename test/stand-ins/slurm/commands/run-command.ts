// The stand-in commands by name, and how the cluster executes each.
import { CommandLineError } from '../options.ts';
import type { CommandAnswer, CommandCall, CommandReply } from '../wire.ts';
import type { ClusterView } from './cluster-view.ts';
import { sacct } from './sacct.ts';
import { readScriptSource, sbatch } from './sbatch.ts';
import { scancel } from './scancel.ts';
import { scontrol } from './scontrol.ts';
import { sinfo } from './sinfo.ts';
import { squeue } from './squeue.ts';
import { srun } from './srun.ts';

const COMMANDS: Readonly<
  Record<Exclude<CommandCall['program'], 'srun'>, (call: CommandCall, cluster: ClusterView) => CommandReply>
> = { sbatch, squeue, scancel, sacct, sinfo, scontrol };

/** What the command must do before it calls the cluster; undefined for nothing. */
export function prepareCommand(call: CommandCall): CommandAnswer | undefined {
  return explained((): CommandAnswer | undefined => {
    if (call.program === 'srun') return { kind: 'run-tasks', tasks: srun(call) };
    return call.program === 'sbatch' && call.script === null ? readScriptSource(call) : undefined;
  });
}

export function runCommand(call: CommandCall, cluster: ClusterView): CommandAnswer {
  const { program } = call;
  if (program === 'srun') throw new TypeError('srun is no matter of the cluster: its tasks run where it was started');
  return explained(() => ({ kind: 'done', ...COMMANDS[program](call, cluster) }));
}

function explained<Answer extends CommandAnswer | undefined>(act: () => Answer): Answer | CommandAnswer {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    return { kind: 'done', exitCode: error.exitCode, stdout: '', stderr: error.message };
  }
}
