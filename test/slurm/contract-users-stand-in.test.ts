// The contract about the jobs of several Unix users on the stand-in for Slurm.
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { defineUsersContract, type Ended, type UnixUserUnderTest, type UsersUnderTest } from './contract-users.ts';

defineUsersContract('the stand-in for Slurm with several Unix users', openStandIn);

async function openStandIn(): Promise<UsersUnderTest> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'users-')));
  const stateDir = join(folder, '.cluster');
  let cluster: StandInCluster = await startStandInCluster({ stateDir });

  function user(name: string, uid: number): UnixUserUnderTest {
    return {
      name,
      uid,
      run: (program, ...args) =>
        new Promise<Ended>((resolve) => {
          const env = { ...process.env, STAND_IN_USER: `${name}:${uid}` };
          execFile(join(cluster.commandsDir, program), args, { cwd: folder, env }, (error, stdout, stderr) => {
            resolve({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}`.trimEnd() });
          });
        }),
    };
  }

  return {
    alice: user('alice', 4_000_001),
    bob: user('bob', 4_000_002),
    async hideJobs(hidesJobs) {
      // Its jobs are in the state directory.
      await cluster.close();
      cluster = await startStandInCluster({ stateDir, settings: { hidesJobs } });
    },
    async close() {
      await cluster.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
