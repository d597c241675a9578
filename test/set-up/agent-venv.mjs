// The real clearml-agent and ClearML SDK in a Python environment of this checkout, made once and used again.
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { lastLines, runCommand } from './command.mjs';

/** What the tests were seen to pass with. */
const REQUIREMENTS = { 'clearml-agent': '3.0.3', clearml: '2.1.12', virtualenv: '20.39.1' };

const FOLDER = resolve('.test-cache/agent-venv');

export const AGENT_PYTHON = `${FOLDER}/bin/python`;

/** @returns {Promise<import('./sections.mjs').SetUp>} */
export async function installAgent() {
  if (await isInstalled()) return { missing: [], says: 'the one in .test-cache is up to date' };
  await rm(FOLDER, { recursive: true, force: true });

  const venv = await runCommand('/usr/bin/python3', ['-m', 'venv', FOLDER]);
  if (venv.exitCode !== 0)
    return { missing: [`A Python environment can't be made here: ${lastLines(venv.output)}`], says: '' };
  const wanted = Object.entries(REQUIREMENTS).map(([name, version]) => `${name}==${version}`);
  const pip = await runCommand(AGENT_PYTHON, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    ...wanted,
  ]);
  if (pip.exitCode !== 0)
    return { missing: [`pip could not install ${wanted.join(', ')}: ${lastLines(pip.output)}`], says: '' };
  return { missing: [], says: `installed ${wanted.join(', ')} in .test-cache` };
}

/** Asks the environment itself: one that was moved, or whose Python is gone, does not answer. */
async function isInstalled() {
  const program =
    'import importlib.metadata as m, json, sys; print(json.dumps([sys.prefix, *map(m.version, sys.argv[1:])]))';
  const { exitCode, output } = await runCommand(AGENT_PYTHON, ['-c', program, ...Object.keys(REQUIREMENTS)]);
  return (
    exitCode === 0 && output.trim() === JSON.stringify([FOLDER, ...Object.values(REQUIREMENTS)]).replaceAll(',', ', ')
  );
}
