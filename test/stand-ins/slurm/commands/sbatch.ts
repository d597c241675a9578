// The stand-in's sbatch.
import { JobRejectedError } from '../admission.ts';
import { readJobRequest, readSbatchLine } from '../sbatch-options.ts';
import type { CommandAnswer, CommandCall, CommandReply } from '../wire.ts';
import type { ClusterView } from './cluster-view.ts';

/** Where the script is, or undefined for `--wrap`. @throws CommandLineError */
export function readScriptSource(call: CommandCall): CommandAnswer | undefined {
  const { options, rest } = readSbatchLine(call.args);
  return options.has('wrap') ? undefined : { kind: 'script-wanted', file: rest[0] ?? null };
}

/** @throws CommandLineError */
export function sbatch(call: CommandCall, { controller }: ClusterView): CommandReply {
  const line = readSbatchLine(call.args);
  const script =
    call.script ?? `#!/bin/sh\n# This script was created by sbatch --wrap.\n\n${line.options.get('wrap') ?? ''}\n`;
  const request = readJobRequest(line, script, call);
  if (line.options.has('test-only')) {
    const stderr = `sbatch: Job would start on ${request.nodeCount} node(s) of the stand-in cluster\n`;
    return { exitCode: 0, stdout: '', stderr };
  }
  try {
    const { id } = controller.submit(request);
    const stdout = line.options.has('parsable') ? `${id}\n` : `Submitted batch job ${id}\n`;
    return { exitCode: 0, stdout: line.options.has('quiet') ? '' : stdout, stderr: '' };
  } catch (error) {
    if (!(error instanceof JobRejectedError)) throw error;
    const detail = error.detail === undefined ? '' : `sbatch: error: ${error.detail}\n`;
    return {
      exitCode: 1,
      stdout: '',
      stderr: `${detail}sbatch: error: Batch job submission failed: ${error.message}\n`,
    };
  }
}
