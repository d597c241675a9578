// Finds processes of a chaos run in /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** Returns the process id of a child with this program name. */
export function childNamed(parent: number, name: string): number | undefined {
  const children = read(`/proc/${parent}/task/${parent}/children`).trim().split(' ');
  return children.filter((pid) => pid !== '' && isNamed(pid, name)).map(Number)[0];
}

/** Returns the process id of a Slurm command that uses this slurm.conf. */
export function commandNamed(name: string, slurmConf: string): number | undefined {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isNamed(entry, name));
  return pids.filter((pid) => read(`/proc/${pid}/environ`).includes(`SLURM_CONF=${slurmConf}\0`)).map(Number)[0];
}

function isNamed(pid: string, name: string): boolean {
  return read(`/proc/${pid}/comm`).trim() === name;
}

/** Returns an empty text if the process has ended or belongs to another user. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
