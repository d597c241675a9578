// Finds processes of a chaos run in /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** A child of that process, by the name of its program. */
export function childNamed(parent: number, name: string): number | undefined {
  const children = read(`/proc/${parent}/task/${parent}/children`).trim().split(' ');
  return children.filter((pid) => pid !== '' && isNamed(pid, name)).map(Number)[0];
}

/** One of Slurm's commands that uses this slurm.conf. */
export function commandNamed(name: string, slurmConf: string): number | undefined {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isNamed(entry, name));
  return pids.filter((pid) => read(`/proc/${pid}/environ`).includes(`SLURM_CONF=${slurmConf}\0`)).map(Number)[0];
}

function isNamed(pid: string, name: string): boolean {
  return read(`/proc/${pid}/comm`).trim() === name;
}

/** Empty if the process has ended, or is another user's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
