// Decides which requests the stand-in's controller accepts, and rejects the others with Slurm's messages.
import type { JobRequest } from './sbatch-options.ts';
import { cpusPerNode, nodeNames } from './placement.ts';
import type { StandInPartition, StandInSettings } from './settings.ts';

/** Thrown when the controller does not take a job; the message is Slurm's own text, `detail` a line before it. */
export class JobRejectedError extends Error {
  override readonly name = 'JobRejectedError';
  readonly detail: string | undefined;

  constructor(message: string, detail?: string) {
    super(message);
    this.detail = detail;
  }
}

/** slurmctld's limit for a name and a comment, in bytes. */
const MAX_TEXT = 1024;

/** The partition that the job goes to. @throws JobRejectedError */
export function admit(request: JobRequest, settings: StandInSettings, jobCount: number): StandInPartition {
  const { partitions } = settings;
  const partition =
    request.partition === undefined ? partitions[0] : partitions.find(({ name }) => name === request.partition);
  if (partition === undefined) {
    throw new JobRejectedError(
      'Invalid partition name specified',
      `invalid partition specified: ${request.partition ?? ''}`,
    );
  }
  if (partition.state === 'INACTIVE')
    throw new JobRejectedError('Required partition not available (inactive or drain)');
  if (request.nodeList.some((node) => !nodeNames(settings).includes(node)))
    throw new JobRejectedError('Invalid node name specified');
  if (cpusPerNode(request) > settings.cpusPerNode)
    throw new JobRejectedError('Requested node configuration is not available');
  if ([request.name, request.comment].some((text) => Buffer.byteLength(text) > MAX_TEXT)) {
    throw new JobRejectedError('Pathname of a file, directory or other parameter too long');
  }
  // Real sbatch retries for two minutes before it fails with this message.
  if (jobCount >= settings.maxJobCount) throw new JobRejectedError('Resource temporarily unavailable');
  return partition;
}
