// The processes that a private cluster's jobs left on this machine, found by their environment.
import { readFileSync, readdirSync } from 'node:fs';

interface JobProcess {
  readonly pid: number;
  readonly parent: number;
  readonly isStep: boolean;
  /** Known for a job's own processes; slurmstepd does not tell. */
  readonly node: string | undefined;
}

/**
 * Ends, with SIGKILL, every process of jobs of the cluster with this slurm.conf, or of one of its nodes.
 * Slurm's step daemons go first, so that nothing of it is reported: as when a machine loses its power.
 */
export function killJobProcesses(slurmConf: string, node?: string): void {
  const all = jobProcesses(slurmConf);
  const doomed = node === undefined ? all : onNode(all, node);
  for (const { pid } of doomed.toSorted((a, b) => Number(b.isStep) - Number(a.isStep))) killIfAlive(pid);
}

function onNode(all: readonly JobProcess[], node: string): JobProcess[] {
  const own = all.filter((candidate) => candidate.node === node);
  const parents = new Set(own.map((candidate) => candidate.parent));
  return [...own, ...all.filter((candidate) => candidate.isStep && parents.has(candidate.pid))];
}

function jobProcesses(slurmConf: string): JobProcess[] {
  return readdirSync('/proc').flatMap((entry) => {
    const found = /^\d+$/.test(entry) ? readJobProcess(Number(entry), slurmConf) : undefined;
    return found === undefined ? [] : [found];
  });
}

/** undefined for a process that is not of this cluster's jobs, has ended meanwhile, or is somebody else's. */
function readJobProcess(pid: number, slurmConf: string): JobProcess | undefined {
  let environ: string[];
  let stat: string;
  try {
    environ = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
    stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // proc(5): the program's name stands in parentheses and may itself hold some; the parent is the second field after it.
  const isStep = stat.includes('(slurmstepd)');
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  const isOfJob = isStep || environ.some((line) => line.startsWith('SLURM_JOB_ID='));
  if (!isOfJob || !environ.includes(`SLURM_CONF=${slurmConf}`)) return undefined;
  const node = environ.find((line) => line.startsWith('SLURMD_NODENAME='))?.slice('SLURMD_NODENAME='.length);
  return { pid, parent, isStep, node };
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
