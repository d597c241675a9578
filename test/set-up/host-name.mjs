// Makes this machine's short name resolvable: Slurm's daemons and srun look it up even when all of them are on loopback.
import { appendFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';

/** @returns {Promise<import('./command.mjs').InstallResult>} */
export async function ensureHostName() {
  const name = hostname().split('.')[0] ?? '';
  if (await isResolvable(name)) return { missing: [], says: `the name ${name} can be looked up` };
  if (process.getuid?.() !== 0) {
    return { missing: [`The name ${name} cannot be resolved, and only root can add it to /etc/hosts.`], says: '' };
  }
  appendFileSync('/etc/hosts', `127.0.0.1 ${name}\n`);
  return { missing: [], says: `added ${name} to /etc/hosts` };
}

/** Whether it can be looked up already. */
export function isHostNameKnown() {
  return isResolvable(hostname().split('.')[0] ?? '');
}

/** @param {string} name */
async function isResolvable(name) {
  try {
    await lookup(name);
    return true;
  } catch {
    return false;
  }
}
