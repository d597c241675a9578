// Checks what a test requires of the machine: without it, the test is skipped with a reason, or fails if REQUIRE_REAL is set.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { AGENT_WHEELS } from '../set-up/agent-venv.mjs';
import { hasSlurmRoot, ownSlurmVersion, type SlurmVersion } from '../set-up/slurm-roots.mjs';
import { withSystemPrograms } from './slurm-command.ts';
import { namedServer } from './server-of-run.ts';
import { sharedCluster } from './shared-cluster.ts';

const SLURM_PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'setpriv'];

/** For `before(requireSlurm)`: real Slurm, reached through `sharedCluster()`. */
export async function requireSlurm(this: Mocha.Context): Promise<void> {
  requirePrograms(this, SLURM_PROGRAMS);
  await sharedCluster();
}

/** For `before(requireSlurmVersion('26.05'))`: what `startSlurmCluster({ version })` needs. */
export function requireSlurmVersion(version: SlurmVersion): Mocha.AsyncFunc {
  return async function () {
    if (version === (await ownSlurmVersion())) requirePrograms(this, SLURM_PROGRAMS);
    else if (!hasSlurmRoot(version))
      failOrSkip(this, `there is no Slurm ${version} here: npm run test:all as root makes it`);
    else if (process.getuid?.() !== 0) failOrSkip(this, `only root can enter the Debian root of Slurm ${version}`);
  };
}

/** For `before(requireSandbox)`: a server with injectable faults, which ends with the run. */
export function requireSandbox(this: Mocha.Context): void {
  if (namedServer() !== undefined) skip(this, 'it needs a sandbox, and the environment names a server');
}

/** For `before(requireAccounting)`: what `startSlurmCluster({ hasAccounting: true })` needs. */
export function requireAccounting(this: Mocha.Context): void {
  requirePrograms(this, [...SLURM_PROGRAMS, 'slurmdbd', 'sacctmgr', 'sacct', 'mariadbd', 'mariadb-install-db']);
}

/** For `before(requireAgent)`: the real clearml-agent and SDK, in the Python that `agentPython()` names. */
export function requireAgent(this: Mocha.Context): void {
  const python = agentPython();
  if (!isExecutable(python)) failOrSkip(this, `there is no clearml-agent in ${python}: npm test installs it`);
}

/** For `before(requireAgentWheels)`: the wheels of the agent and of what it needs, for an installation without an index. */
export function requireAgentWheels(this: Mocha.Context): void {
  if (!existsSync(AGENT_WHEELS)) failOrSkip(this, `there are no wheels in ${AGENT_WHEELS}: npm test downloads them`);
}

/** For `before(requirePython)`: any Python 3, for the stand-in agent and what the sandbox prints. */
export function requirePython(this: Mocha.Context): void {
  requirePrograms(this, ['python3']);
}

/** For `before(requireSshd)`: OpenSSH's server, for tests to start on loopback with a configuration of their own. */
export function requireSshd(this: Mocha.Context): void {
  requirePrograms(this, ['sshd', 'ssh', 'ssh-keygen', 'openssl', 'setpriv']);
}

/** For `before(requireSudo)`: what lets one user run commands as another. */
export function requireSudo(this: Mocha.Context): void {
  requirePrograms(this, ['sudo', 'visudo']);
}

/** For `before(requireShells)`: login shells of every kind, and the small shells that are /bin/sh on many systems. */
export function requireShells(this: Mocha.Context): void {
  requirePrograms(this, ['dash', 'bash', 'busybox', 'tcsh', 'fish']);
}

/** For `before(requireCompletingShells)`. */
export function requireCompletingShells(this: Mocha.Context): void {
  requirePrograms(this, ['bash', 'zsh', 'fish']);
}

/** For `before(requireManual)`: what man(1) shows pages with. */
export function requireManual(this: Mocha.Context): void {
  requirePrograms(this, ['groff']);
}

/** For `before(requireRegistry)`: a registry of container images, for tests to start on loopback. */
export function requireRegistry(this: Mocha.Context): void {
  requirePrograms(this, ['docker-registry']);
}

/** For `before(requireChromium)`: a browser, which playwright-core drives. */
export function requireChromium(this: Mocha.Context): void {
  requirePrograms(this, ['chromium']);
}

/** For `before(requirePrometheus)`: Prometheus and what checks its files, for tests to start on loopback. */
export function requirePrometheus(this: Mocha.Context): void {
  requirePrograms(this, ['prometheus', 'promtool']);
}

/** For `before(requireSystemdNotify)`: systemd itself need not run. */
export function requireSystemdNotify(this: Mocha.Context): void {
  requirePrograms(this, ['systemd-notify']);
}

/** For `before(requireCompiler)`: what the stand-in for Pyxis is built with. */
export function requireCompiler(this: Mocha.Context): void {
  requirePrograms(this, ['gcc', 'g++']);
}

/** For `before(requireTorch)`: Debian's PyTorch. */
export function requireTorch(this: Mocha.Context): void {
  requirePrograms(this, ['torchrun']);
}

/** For `before(requireShellcheck)`. */
export function requireShellcheck(this: Mocha.Context): void {
  requirePrograms(this, ['shellcheck']);
}

/** For `before(requireRoot)`: what only root may do, such as becoming another user. */
export function requireRoot(this: Mocha.Context): void {
  if (process.getuid?.() !== 0) failOrSkip(this, 'it needs root');
}

/** For `before(requireMemoryLimits)`: what `startSlurmCluster({ limitsMemory: true })` needs. */
export function requireMemoryLimits(this: Mocha.Context): void {
  if (process.getuid?.() !== 0 || !existsSync('/sys/fs/cgroup/memory/tasks'))
    failOrSkip(this, 'it needs root, and the memory controller of cgroup v1 in /sys/fs/cgroup/memory');
}

/** The Python that has clearml-agent, the `clearml` SDK and virtualenv; it may not exist where `requireAgent` was not asked. */
export function agentPython(): string {
  return process.env['CLEARML_AGENT_PYTHON'] ?? resolve('.test-cache/agent-venv/bin/python');
}

function requirePrograms(context: Mocha.Context, programs: readonly string[]): void {
  const missing = programs.filter((program) => !isOnPath(program));
  if (missing.length > 0)
    failOrSkip(context, `there is no ${missing.join(', no ')} here: npm run test:all as root installs it`);
}

function isOnPath(program: string): boolean {
  const folders = withSystemPrograms(process.env)['PATH'] ?? '';
  return folders.split(delimiter).some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** With REQUIRE_REAL, as in CI, no test may be skipped. */
function failOrSkip(context: Mocha.Context, why: string): void {
  const title = context.test?.parent?.fullTitle() ?? 'a test';
  if (process.env['REQUIRE_REAL'] === '1') throw new Error(`${title} cannot be skipped here, but ${why}`);
  skip(context, why);
}

function skip(context: Mocha.Context, why: string): void {
  const title = context.test?.parent?.fullTitle() ?? 'a test';
  process.stderr.write(`  left out: ${title}: ${why}\n`);
  // What cleans up after these tests would miss what was not set up, and Mocha would run it.
  if (context.test?.parent !== undefined) Reflect.set(context.test.parent, '_afterAll', []);
  context.skip();
}
