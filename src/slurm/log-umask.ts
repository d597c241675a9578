// Who submits jobs on the host, and the umask for sbatch that keeps their logs private: slurmstepd opens a log with the umask of the submission.
// https://github.com/SchedMD/slurm/blob/slurm-24-11-1-1/src/slurmd/slurmstepd/mgr.c (set_umask)

/** sbatch and srun use this umask instead of their own (sbatch.c, _set_umask_env). */
export const UMASK_VARIABLE = 'SLURM_UMASK';

/** Denies group and others to read and write files. Permissions to enter directories stay, so that those a template creates do not change. */
const PRIVATE_FILES = 0o066;

/** @param umask of programs on the host, as umask(1) prints it */
export function logUmask(umask: string): string {
  return (Number.parseInt(umask, 8) | PRIVATE_FILES).toString(8).padStart(4, '0');
}

/** Parses the output of `umask`; undefined if it is anything else. */
export function parseUmask(stdout: string): string | undefined {
  const text = stdout.trim();
  return /^0?[0-7]{3}$/.test(text) ? text.padStart(4, '0') : undefined;
}

export interface Submitter {
  /** undefined if unknown. */
  readonly userId: number | undefined;
  /** The umask of programs on the host, such as `0022`. undefined if unknown. */
  readonly umask: string | undefined;
}

/** A script for /bin/sh. */
export const SUBMITTER_SCRIPT = 'echo "umask $(umask) uid $(id -u)"';

/** Parses the output of the script; any other text leaves both undefined. */
export function parseSubmitter(stdout: string): Submitter {
  const [, umask = '', userId] = /^umask (\S*) uid (\d+)$/m.exec(stdout) ?? [];
  return { userId: userId === undefined ? undefined : Number(userId), umask: parseUmask(umask) };
}
