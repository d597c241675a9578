// Installs what package-lock.json names, unless it is there already.
import { existsSync, readFileSync } from 'node:fs';
import { lastLines, runCommand } from './command.mjs';

/** @returns {Promise<{ says: string }>} */
export async function installNodeModules() {
  if (isInstalled()) return { says: 'node_modules matches package-lock.json' };
  const { exitCode, output } = await runCommand('npm', ['ci', '--no-audit', '--no-fund']);
  if (exitCode !== 0 && output.includes('EBADENGINE'))
    throw new Error(
      `Node ${process.version} or its npm is too old. "Install Node without root" in docs/installing.md describes how to get another.`,
    );
  if (exitCode !== 0)
    throw new Error(
      `npm ci failed: look at its words, and whether the registry can be reached\n${lastLines(output, 15)}`,
    );
  return { says: 'installed by npm ci' };
}

/** npm writes what it installed in the form of the lock file; what it left out as not for this machine is marked optional. */
function isInstalled() {
  if (!existsSync('node_modules/.package-lock.json')) return false;
  const installed = readPackages('node_modules/.package-lock.json');
  const wanted = Object.entries(readPackages('package-lock.json')).filter(([path]) => path !== '');
  return wanted.every(([path, entry]) => {
    const there = installed[path];
    return there === undefined ? entry.optional === true : there.version === entry.version;
  });
}

/**
 * @param {string} path of a lock file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function readPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}
