// The state directory of the stand-in cluster: the state file, and the script and environment of each job that has not ended.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { standInJob, type StandInJob } from './job.ts';

const clusterState = z.object({ nextId: z.number(), jobs: z.array(standInJob) });

export type ClusterState = z.infer<typeof clusterState>;

const environment = z.record(z.string(), z.string());

export interface Spool {
  read(): ClusterState;
  write(state: ClusterState): void;
  keep(id: number, script: string, environment: Readonly<Record<string, string>>): void;
  scriptPath(id: number): string;
  environmentOf(id: number): Record<string, string>;
  forget(job: StandInJob): void;
}

/** @param folder private: environments may hold secrets */
export function openSpool(folder: string): Spool {
  const stateFile = join(folder, 'cluster.json');
  const jobFolder = (id: number): string => join(folder, 'spool', `job${String(id).padStart(5, '0')}`);

  return {
    read() {
      try {
        return clusterState.parse(JSON.parse(readFileSync(stateFile, 'utf8')));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { nextId: 1, jobs: [] };
        throw new Error(`${stateFile} is not the state of a stand-in cluster: remove it to start again`, {
          cause: error,
        });
      }
    },
    write(state) {
      const beside = `${stateFile}.new`;
      writeFileSync(beside, JSON.stringify(state), { mode: 0o600 });
      renameSync(beside, stateFile);
    },
    keep(id, script, variables) {
      mkdirSync(jobFolder(id), { recursive: true, mode: 0o700 });
      // Named as slurmd names it: scripts show it as $0.
      writeFileSync(join(jobFolder(id), 'slurm_script'), script, { mode: 0o700 });
      writeFileSync(join(jobFolder(id), 'environment.json'), JSON.stringify(variables), { mode: 0o600 });
    },
    scriptPath: (id) => join(jobFolder(id), 'slurm_script'),
    environmentOf: (id) => environment.parse(JSON.parse(readFileSync(join(jobFolder(id), 'environment.json'), 'utf8'))),
    forget: (job) => rmSync(jobFolder(job.id), { recursive: true, force: true }),
  };
}
