// The demo of an installed package: `clearml-agent-slurm demo` needs Python, and nothing else.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { runStandInCommand } from '../../test/stand-ins/slurm/stand-in-program.js';
import type { DemoAgent } from './agent.ts';
import { findCluster } from './cluster.ts';
import { showLine, showTitle } from './screen.mjs';
import { runDemo } from './three-tasks.ts';

/** Set by the build: the template, and the stand-in for clearml-agent in Python, as JSON. */
declare const DEMO_FILES: string;
const TEMPLATE = 'examples/demo/demo.template';
const AGENT = 'test/stand-ins/agent';

/** @see src/cli/demo.d.ts */
export const runSlurmCommand: (words: readonly string[]) => Promise<number> = runStandInCommand;

/** @see src/cli/demo.d.ts */
export async function runInstalledDemo(
  { command, slurmCommand }: { readonly command: readonly string[]; readonly slurmCommand: string },
  stop: AbortSignal,
): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-files-'));
  try {
    await writeFiles(folder);
    showTitle('clearml-agent-slurm: three ClearML tasks become Slurm jobs');
    return await runDemo({
      findCluster: () => findCluster({ standInProgram: [...command, slurmCommand] }),
      findAgent: () => findAgent(folder),
      program: command,
      template: join(folder, 'demo.template'),
      sharedParent: homedir(),
      nextSteps: NEXT_STEPS,
      stop,
    });
  } catch (error) {
    stop.throwIfAborted();
    showLine(`\n${error instanceof Error ? error.message : String(error)}`);
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const NEXT_STEPS = `  clearml-agent-slurm init      write a template and settings for your own cluster
  clearml-agent-slurm doctor    check the configuration, the server and the cluster
  clearml-agent-slurm --help    list all commands
`;

async function writeFiles(folder: string): Promise<void> {
  for (const [path, text] of Object.entries(JSON.parse(DEMO_FILES) as Readonly<Record<string, string>>)) {
    const file = path === TEMPLATE ? join(folder, 'demo.template') : join(folder, 'agent', relative(AGENT, path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { mode: 0o755 });
  }
}

/** The agent of this machine's Python if it has one, else the stand-in. */
async function findAgent(folder: string): Promise<DemoAgent> {
  const python = (...args: readonly string[]): Promise<string> =>
    promisify(execFile)('python3', args).then(({ stdout }) => stdout.trim());
  try {
    await python('--version');
  } catch {
    throw new Error('The tasks of the demo need python3, which is not on PATH. Install it, and run the demo again.');
  }
  try {
    const path = await python('-c', 'import clearml_agent, sys; print(sys.executable)');
    return { says: `real: clearml-agent of ${path}`, python: path };
  } catch {
    return {
      says: 'a stand-in, which runs simple Python tasks: python3 has no clearml-agent',
      python: join(folder, 'agent/python'),
    };
  }
}
