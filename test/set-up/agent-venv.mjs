// The real clearml-agent and ClearML SDK in a Python environment of this checkout, made once and used again.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { lastLines, runCommand } from './command.mjs';

/** What the demo needs. All versions are those that the tests were seen to pass with. */
const AGENT = { 'clearml-agent': '3.0.3', clearml: '2.1.12', virtualenv: '20.39.1' };

const REQUIREMENTS = { ...AGENT, optuna: '5.0.0', 'jupyter-server': '2.21.1' };

/**
 * jupyter-server brings it to check IRIs in events. Where it is there, jsonschema imports it, which takes each agent and each task with
 * the SDK more than a second of processor time.
 */
const SLOW = { package: 'rfc3987-syntax', module: 'rfc3987_syntax' };

/** The versions of all other packages: without it, each new release of one of them would be part of the tests. */
const CONSTRAINTS = 'test/set-up/agent-constraints.txt';

const FOLDER = resolve('.test-cache/agent-venv');

/** What jobs install, by hash. */
const JOB_REQUIREMENTS = 'templates/agent-requirements.txt';

/** The agent and what it needs as wheels, for tests that install it where there is no way to an index. */
export const AGENT_WHEELS = resolve(`.test-cache/wheels-of-agent-${shortHash(JOB_REQUIREMENTS)}`);

/** clearml-session and what else it imports, for the PYTHONPATH of this Python: users have it on their machines. */
const SESSION = { 'clearml-session': '0.17.0', pexpect: '4.9.0', ptyprocess: '0.7.0' };
export const CLEARML_SESSION = resolve(`.test-cache/clearml-session-${SESSION['clearml-session']}`);

const UP_TO_DATE = 'the one in .test-cache is up to date';

export const AGENT_PYTHON = `${FOLDER}/bin/python`;

/**
 * Installs the agent for the demo, without what only tests need. An environment of the tests serves as well.
 * @returns {Promise<import('./command.mjs').InstallResult>}
 */
export async function installAgentAlone() {
  if (await hasPackages(AGENT)) return { missing: [], says: UP_TO_DATE };
  const problem = await makeEnvironment(AGENT);
  if (problem !== undefined) return { missing: [problem], says: '' };
  return { missing: [], says: describeInstalled({ 'clearml-agent': AGENT['clearml-agent'] }) };
}

/** @returns {Promise<import('./command.mjs').InstallResult>} */
export async function installAgent() {
  const made = [];
  if (!(await hasPackages(REQUIREMENTS))) {
    const problem = await makeEnvironment(REQUIREMENTS);
    if (problem !== undefined) return { missing: [problem], says: '' };
    made.push(describeInstalled(REQUIREMENTS));
  }
  if (hasModule(SLOW.module)) {
    const problem = await pip('uninstall', '--yes', SLOW.package);
    if (problem !== undefined) return { missing: [`pip could not uninstall ${SLOW.package}: ${problem}`], says: '' };
    made.push(`uninstalled ${SLOW.package}`);
  }
  if (!existsSync(AGENT_WHEELS)) {
    const draft = `${AGENT_WHEELS}.draft-${process.pid}`;
    const words = ['--only-binary=:all:', '--require-hashes', '--dest', draft, '--requirement', JOB_REQUIREMENTS];
    const problem = await pip('download', ...words);
    if (problem !== undefined)
      return { missing: [`pip could not download the wheels of ${JOB_REQUIREMENTS}: ${problem}`], says: '' };
    await rename(draft, AGENT_WHEELS);
    made.push('downloaded its wheels');
  }
  if (!existsSync(CLEARML_SESSION)) {
    const draft = `${CLEARML_SESSION}.draft-${process.pid}`;
    const wanted = requirementsOf(SESSION);
    const problem = await pip('install', '--no-deps', '--target', draft, ...wanted);
    if (problem !== undefined) return { missing: [`pip could not install ${wanted.join(', ')}: ${problem}`], says: '' };
    await rename(draft, CLEARML_SESSION);
    made.push('installed clearml-session');
  }
  return { missing: [], says: made.length === 0 ? UP_TO_DATE : made.join(', ') };
}

/**
 * Returns a Python with the real agent for the jobs of a Debian root, whose Python is of another version than this machine's: an environment
 * that is made once and kept. Nothing runs in the root for it, which need not have pip.
 * @param {string} root
 * @throws {Error} if pip cannot install the packages
 */
export async function agentPythonOfRoot(root) {
  const python = readdirSync(`${root}/usr/lib`).find((name) => /^python3\.\d+$/.test(name));
  if (python === undefined) throw new Error(`There is no Python in ${root}.`);
  const version = python.slice('python'.length);
  const folder = resolve(`.test-cache/agent-of-python-${version}`);
  const inIt = `${folder}/bin/python`;
  if (existsSync(folder)) return inIt;

  const draft = `${folder}.draft-${process.pid}`;
  const wanted = requirementsOf(AGENT);
  const libraries = `${draft}/lib/${python}/site-packages`;
  const forIt = ['--python-version', version, '--only-binary=:all:', '--target', libraries];
  const problem = await pip('install', ...forIt, '--constraint', CONSTRAINTS, ...wanted);
  if (problem !== undefined)
    throw new Error(`pip could not install ${wanted.join(', ')} for Python ${version}: ${problem}`);
  await mkdir(`${draft}/bin`);
  await symlink('/usr/bin/python3', `${draft}/bin/python`);
  await writeFile(`${draft}/pyvenv.cfg`, 'home = /usr/bin\n');
  await rename(draft, folder);
  return inIt;
}

/**
 * Returns the problem if the environment cannot be made.
 * @param {Readonly<Record<string, string>>} versions
 */
async function makeEnvironment(versions) {
  await rm(FOLDER, { recursive: true, force: true });
  const venv = await runCommand('/usr/bin/python3', ['-m', 'venv', FOLDER]);
  if (venv.exitCode !== 0) return `Cannot create a Python environment: ${lastLines(venv.output)}`;
  const wanted = requirementsOf(versions);
  const problem = await pip('install', '--constraint', CONSTRAINTS, ...wanted);
  return problem === undefined ? undefined : `pip could not install ${wanted.join(', ')}: ${problem}`;
}

/** @param {Readonly<Record<string, string>>} versions */
function describeInstalled(versions) {
  return `installed ${requirementsOf(versions).join(', ')} in .test-cache`;
}

/** @param {Readonly<Record<string, string>>} versions */
function requirementsOf(versions) {
  return Object.entries(versions).map(([name, version]) => `${name}==${version}`);
}

/**
 * What pip said, where it failed.
 * @param {string[]} args
 */
async function pip(...args) {
  const [action = '', ...rest] = args;
  const words = ['-m', 'pip', action, '--quiet', '--disable-pip-version-check', ...rest];
  const { exitCode, output } = await runCommand(AGENT_PYTHON, words);
  return exitCode === 0 ? undefined : lastLines(output);
}

/** @param {string} file */
function shortHash(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 8);
}

/** @param {string} name */
function hasModule(name) {
  const library = `${FOLDER}/lib`;
  return readdirSync(library).some((python) => existsSync(`${library}/${python}/site-packages/${name}`));
}

/** Whether the agent, its wheels and clearml-session are there. */
export async function isAgentInstalled() {
  return existsSync(AGENT_WHEELS) && existsSync(CLEARML_SESSION) && (await hasPackages(REQUIREMENTS));
}

/**
 * Asks the environment itself: one that was moved, or whose Python is gone, does not answer.
 * @param {Readonly<Record<string, string>>} versions
 */
async function hasPackages(versions) {
  const program =
    'import importlib.metadata as m, json, sys; print(json.dumps([sys.prefix, *map(m.version, sys.argv[1:])]))';
  const { exitCode, output } = await runCommand(AGENT_PYTHON, ['-c', program, ...Object.keys(versions)]);
  return exitCode === 0 && output.trim() === JSON.stringify([FOLDER, ...Object.values(versions)]).replaceAll(',', ', ');
}
