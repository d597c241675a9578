// Provides a Python without root: Debian's packages, unpacked into this checkout.
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand } from '../../test/set-up/command.mjs';

const FOLDER = resolve('.test-cache/python');
const BIN = join(FOLDER, 'usr/bin');

/** Returns the folder of `python3`, or undefined if that fails too. */
export async function unpackPython(): Promise<string | undefined> {
  if (!(await works())) await unpack();
  return (await works()) ? BIN : undefined;
}

/** Checks also the modules that the stand-in for clearml-agent imports. */
async function works(): Promise<boolean> {
  return (await runCommand(join(BIN, 'python3'), ['-c', 'import json, subprocess, urllib.request'])).exitCode === 0;
}

async function unpack(): Promise<void> {
  await mkdir(resolve('.test-cache'), { recursive: true });
  const draft = await mkdtemp(`${FOLDER}-`);
  try {
    const archives = await download(draft);
    const unpacked = join(draft, 'unpacked');
    for (const archive of archives) await runCommand('dpkg-deb', ['--extract', archive, unpacked]);
    await rm(FOLDER, { recursive: true, force: true });
    if (archives.length > 0) await rename(unpacked, FOLDER);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Downloads what apt would install. apt needs root only for its default folders (apt.conf(5)). */
async function download(folder: string): Promise<string[]> {
  const archives = join(folder, 'archives');
  for (const path of [join(folder, 'lists/partial'), join(archives, 'partial')]) await mkdir(path, { recursive: true });
  const places = [`Dir::State::Lists=${folder}/lists`, `Dir::Cache=${folder}`, `Dir::Cache::Archives=${archives}`];
  const options = [...places, 'Debug::NoLocking=1'].flatMap((option) => ['-o', option]);
  await runCommand('apt-get', [...options, 'update']);
  await runCommand('apt-get', [
    ...options,
    'install',
    '--download-only',
    '--yes',
    '--no-install-recommends',
    'python3',
  ]);
  const names = await readdir(archives);
  return names.filter((name) => name.endsWith('.deb')).map((name) => join(archives, name));
}
