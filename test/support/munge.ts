// Starts a private munged, through whose socket Slurm's daemons and commands authenticate.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { startDaemon, type ForegroundDaemon } from './foreground-daemon.ts';

/** Starts it with a new key; its socket is `munge.socket` in the folder. */
export async function startMunged(folder: string, env: NodeJS.ProcessEnv): Promise<ForegroundDaemon> {
  writeFileSync(`${folder}/munge.key`, randomBytes(128), { mode: 0o600 });
  const munged = await startDaemon({
    program: 'munged',
    args: [
      // Without it munged refuses a temporary folder that others may write to.
      '--force',
      '--foreground',
      `--socket=${folder}/munge.socket`,
      `--key-file=${folder}/munge.key`,
      `--pid-file=${folder}/munged.pid`,
      `--log-file=${folder}/munged.log`,
      `--seed-file=${folder}/munged.seed`,
    ],
    env,
    logPath: `${folder}/munged.out`,
  });
  await munged.untilReady(() => existsSync(`${folder}/munge.socket`));
  return munged;
}
