// The command line that starts the program again, for each kind of installation.
import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startedAs } from '../../src/cli/own-command-line.ts';

describe('the command line for units and restarts', () => {
  let folder: string;
  let program: string;
  let node: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'own-command-line-'));
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'node-22'));
    node = executable('node-22/node');
    symlinkSync(node, join(folder, 'bin/node'));
    program = executable('bin/clearml-agent-slurm');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function executable(name: string): string {
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), 0o755);
    return join(folder, name);
  }

  function started(changes: {
    readonly env?: NodeJS.ProcessEnv;
    readonly execArgv?: string[];
    readonly isSingleFile?: boolean;
    readonly argv?: string[];
  }): string[] {
    const { env = { PATH: `/nowhere:${join(folder, 'bin')}` }, execArgv = [], isSingleFile = false } = changes;
    const argv = changes.argv ?? [node, program, '--queue', 'gpu'];
    return startedAs({ execPath: node, execArgv, argv, env }, isSingleFile);
  }

  it('omits the path of Node.js if PATH has the same Node.js', () => {
    expect(started({})).to.deep.equal([program, '--queue', 'gpu']);
  });

  it('contains the path of Node.js if PATH has no Node.js, or has another Node.js first', () => {
    const other = { PATH: `${join(folder, 'other')}:${join(folder, 'bin')}` };
    mkdirSync(join(folder, 'other'));
    executable('other/node');
    expect(started({ env: other })).to.deep.equal([node, program, '--queue', 'gpu']);
    expect(started({ env: {} })).to.deep.equal([node, program, '--queue', 'gpu']);
  });

  it('contains the options of Node.js, such as --no-warnings', () => {
    expect(started({ execArgv: ['--no-warnings'] })).to.deep.equal([node, '--no-warnings', program, '--queue', 'gpu']);
  });

  it('contains the path of Node.js if the program file is not executable', () => {
    chmodSync(program, 0o644);
    expect(started({})).to.deep.equal([node, program, '--queue', 'gpu']);
  });

  it('begins with the launcher of the Python package if the launcher exists', () => {
    const launcher = executable('launcher');
    expect(started({ env: { CLEARML_AGENT_SLURM_LAUNCHER: launcher } })).to.deep.equal([launcher, '--queue', 'gpu']);
    const gone = { CLEARML_AGENT_SLURM_LAUNCHER: join(folder, 'gone') };
    expect(started({ env: gone })).to.deep.equal([node, program, '--queue', 'gpu']);
  });

  it('begins with the executable if the program is a single-file executable', () => {
    expect(started({ isSingleFile: true, argv: [node, node, 'unit'] })).to.deep.equal([node, 'unit']);
  });
});
