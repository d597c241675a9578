// Finds and kills the processes of a private cluster's jobs by their data in /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface JobProcess {
  readonly pid: number;
  readonly isStep: boolean;
  readonly node: string | undefined;
  /** undefined for a step daemon. */
  readonly jobId: string | undefined;
}

/**
 * Ends, with SIGKILL, every process of jobs of the cluster with this slurm.conf, or of one of its nodes.
 * Slurm's step daemons go first, so that nothing of it is reported: as when a machine loses its power.
 */
export function killJobProcesses(slurmConf: string, node?: string): void {
  const doomed = jobProcesses(slurmConf).filter((candidate) => node === undefined || candidate.node === node);
  for (const { pid } of doomed.toSorted((a, b) => Number(b.isStep) - Number(a.isStep))) killIfAlive(pid);
}

/** All that run now. */
export function jobProcesses(slurmConf: string): JobProcess[] {
  const steps = stepSockets(slurmConf);
  return readdirSync('/proc').flatMap((entry) => {
    const found = /^\d+$/.test(entry) ? readJobProcess(Number(entry), slurmConf, steps) : undefined;
    return found === undefined ? [] : [found];
  });
}

/** undefined for a process that is not a job of this cluster, has ended meanwhile, or belongs to another user. */
function readJobProcess(pid: number, slurmConf: string, steps: ReadonlyMap<string, string>): JobProcess | undefined {
  try {
    const isStep = readFileSync(`/proc/${String(pid)}/comm`, 'utf8') === 'slurmstepd\n';
    if (!isStep) return readOwnProcess(pid, slurmConf);
    const node = openFiles(pid).flatMap((file) => steps.get(file) ?? [])[0];
    return node === undefined ? undefined : { pid, isStep, node, jobId: undefined };
  } catch {
    return undefined;
  }
}

/** The environment of a job's process identifies its cluster. That of a step daemon does not: 24.11 clears it. */
function readOwnProcess(pid: number, slurmConf: string): JobProcess | undefined {
  const environ = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
  const jobId = valueIn(environ, 'SLURM_JOB_ID');
  if (jobId === undefined || !environ.includes(`SLURM_CONF=${slurmConf}`)) return undefined;
  return { pid, isStep: false, node: valueIn(environ, 'SLURMD_NODENAME'), jobId };
}

function valueIn(environ: readonly string[], name: string): string | undefined {
  return environ.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The node of each socket on which a step daemon of this cluster listens: it is in the spool directory of the node. */
function stepSockets(slurmConf: string): ReadonlyMap<string, string> {
  const spool = join(dirname(slurmConf), 'spool/');
  const found = new Map<string, string>();
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const [, inode = '', path = ''] = /(\d+) (\/.*)$/.exec(line) ?? [];
    if (path.startsWith(spool)) found.set(`socket:[${inode}]`, path.slice(spool.length).split('/', 1)[0] ?? '');
  }
  return found;
}

/** What its file descriptors stand for; one that is closed meanwhile is left out. */
function openFiles(pid: number): string[] {
  const folder = `/proc/${String(pid)}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(join(folder, fd))];
    } catch {
      return [];
    }
  });
}

/** Whether it was there to be killed. */
export function killIfAlive(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    return false;
  }
}
