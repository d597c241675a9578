// Probes whether the state directory is writable, and leaves no file behind.
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { distrustOf } from '../base/trusted-path.ts';
import { known, unavailable, type Fact } from './result.ts';

/** The daemon creates a missing directory; then its nearest existing parent is probed. */
export async function probeStateDir(folder: string): Promise<Fact<string>> {
  const place = await nearestFolder(folder);
  try {
    const why = distrustOf(folder);
    if (why !== undefined) return unavailable(`${folder} is not used because other users can change it: ${why}`);
    // Access rights do not tell for root or on a full disk: only writing does.
    const file = join(place, `.clearml-agent-slurm-doctor-${process.pid}`);
    await writeFile(file, 'x', { flag: 'wx', mode: 0o600 });
    await rm(file);
  } catch (error) {
    return unavailable(`${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
  return known(place === folder ? folder : `${folder} (will be created)`);
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
