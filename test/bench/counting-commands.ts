// Wrappers for Slurm's commands that count each call and pass it on.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const COMMANDS = ['sbatch', 'squeue', 'scancel', 'sacct', 'scontrol', 'sinfo', 'srun'];

export interface CountingCommands {
  /** A PATH that starts with their directory. */
  readonly path: string;
  /** Calls so far. */
  count(): Promise<number>;
}

export async function writeCountingCommands(folder: string, path: string): Promise<CountingCommands> {
  const bin = join(folder, 'counting');
  const log = join(folder, 'slurm-calls');
  await mkdir(bin);
  await writeFile(log, '');
  for (const name of COMMANDS) {
    // Found on the PATH that follows, the next of the name is the real one.
    await writeFile(join(bin, name), `#!/bin/sh\necho ${name} >>'${log}'\nPATH='${path}' exec ${name} "$@"\n`);
    await chmod(join(bin, name), 0o755);
  }
  return {
    path: `${bin}${delimiter}${path}`,
    count: async () => (await readFile(log, 'utf8')).split('\n').length - 1,
  };
}
