// Whether the journal's folder can be written to, found out without leaving anything behind.
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { distrustOf } from '../base/trusted-path.ts';
import { known, unavailable, type Fact } from './result.ts';

/** A folder that is not there yet is made by the daemon: then the nearest one above it counts. */
export async function probeStateDir(folder: string): Promise<Fact<string>> {
  const place = await nearestFolder(folder);
  try {
    const why = distrustOf(folder);
    if (why !== undefined) return unavailable(`${folder} is not used, as others can change it: ${why}`);
    // Root may write anywhere, and a full disk takes nobody's file: only a try tells.
    const file = join(place, `.clearml-agent-slurm-doctor-${process.pid}`);
    await writeFile(file, 'x', { flag: 'wx', mode: 0o600 });
    await rm(file);
  } catch (error) {
    return unavailable(`${folder} can't be used: ${error instanceof Error ? error.message : String(error)}`);
  }
  return known(place === folder ? folder : `${folder}, to be made`);
}

async function nearestFolder(folder: string): Promise<string> {
  try {
    await access(folder, constants.F_OK);
    return folder;
  } catch {
    const above = dirname(folder);
    return above === folder ? folder : nearestFolder(above);
  }
}
