// The umask that sbatch is given, so that a job's log is its user's alone: slurmstepd opens the log with the umask of the submission.
// https://github.com/SchedMD/slurm/blob/slurm-24-11-1-1/src/slurmd/slurmstepd/mgr.c (set_umask)

/** What sbatch and srun take for their umask, be their own another one (sbatch.c, _set_umask_env). */
export const UMASK_VARIABLE = 'SLURM_UMASK';

/** Group and others may read and write no file. Of folders they may see no more than before: what a template makes early is as it was. */
const PRIVATE_FILES = 0o066;

/** @param umask that programs have there, as umask(1) prints it */
export function logUmask(umask: string): string {
  return (Number.parseInt(umask, 8) | PRIVATE_FILES).toString(8).padStart(4, '0');
}

/** What `umask` printed; undefined when that is something else. */
export function readUmask(stdout: string): string | undefined {
  const text = stdout.trim();
  return /^0?[0-7]{3}$/.test(text) ? text.padStart(4, '0') : undefined;
}
