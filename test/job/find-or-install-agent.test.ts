// How a job finds or creates a Python with clearml-agent, with stand-ins for Python that record their calls.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, utimesSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

const SHOW = { STAND_IN_AGENT: 'echo "python: $0"' };

describe('a job script that needs clearml-agent', () => {
  let node: Node;
  let bin: string;
  beforeEach(() => {
    node = createNode();
    bin = join(node.home, 'bin');
    mkdirSync(bin);
  });
  afterEach(() => {
    node.remove();
  });

  /** PATH has only the programs that the script needs, so that the machine's Python is not found. */
  function run(overrides: Partial<JobFacts>, env: Record<string, string> = {}): Promise<JobRun> {
    return node.run(fillIn(PLAIN_TEMPLATE, jobFacts(overrides)), { PATH: `${bin}:${toolsOnly(node)}`, ...env });
  }

  function putPython(path: string): string {
    mkdirSync(join(path, '..'), { recursive: true });
    copyFileSync(node.python, path);
    chmodSync(path, 0o755);
    return path;
  }

  it('uses the configured Python even if PATH contains another Python', async () => {
    putPython(join(bin, 'python3'));
    const configured = putPython(join(node.home, 'opt', 'python'));
    expect((await run({ python: configured }, SHOW)).stdout).to.include(`python: ${configured}\n`);
  });

  it('uses the Python in PATH if no Python is configured or the configured Python is missing', async () => {
    const python3 = putPython(join(bin, 'python3'));
    expect((await run({}, SHOW)).stdout).to.include(`python: ${python3}\n`);
    expect((await run({ python: '/not/on/this/node' }, SHOW)).stdout).to.include(`python: ${python3}\n`);
  });

  it('uses the interpreter of the clearml-agent script in PATH if PATH contains no Python', async () => {
    const hidden = putPython(join(node.home, 'pipx', 'python'));
    writeFileSync(join(bin, 'clearml-agent'), `#!${hidden}\n`, { mode: 0o755 });
    expect((await run({}, SHOW)).stdout).to.include(`python: ${hidden}\n`);
  });

  it('ends its search for Python before it removes the private directory', async () => {
    const python3 = putPython(join(bin, 'python3'));
    writeFileSync(join(bin, 'clearml-agent'), `#!${python3}\n`, { mode: 0o755 });
    const slowSed =
      '#!/bin/bash\nsleep 0.3\n[ -d "$CLEARML_SLURM_JOB_FOLDER" ] || echo late >>"$STAND_IN_LOG"\nexec /bin/sed "$@"\n';
    writeFileSync(join(bin, 'sed'), slowSed, { mode: 0o755 });
    await run({});
    expect(node.calls()).not.to.include('late');
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('installs clearml-agent in the private directory if the node has no clearml-agent', async () => {
    putPython(join(bin, 'python3'));
    const { exitCode, stdout, stderr } = await run({}, { ...SHOW, STAND_IN_HAS_AGENT: 'no' });
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/python: \S+\/clearml-4711\.\w+\/agent\/bin\/python\n/);
    expect(stderr).to.include(`installing clearml-agent 3.0.3 with ${join(bin, 'python3')}`);
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('installs clearml-agent with the Python in PATH if the configured Python cannot run', async () => {
    putPython(join(bin, 'python3'));
    const broken = join(node.home, 'opt', 'python');
    mkdirSync(join(broken, '..'));
    writeFileSync(broken, '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    const { exitCode, stderr } = await run({ python: broken }, { ...SHOW, STAND_IN_HAS_AGENT: 'no' });
    expect(exitCode).to.equal(0);
    expect(stderr).to.include(`installing clearml-agent 3.0.3 with ${join(bin, 'python3')}`);
  });

  it("installs clearml-agent with the node's pip if venv cannot install pip", async () => {
    putPython(join(bin, 'python3'));
    const { exitCode, stdout } = await run({}, { ...SHOW, STAND_IN_HAS_AGENT: 'no', STAND_IN_VENV: 'fails' });
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/python: \S+\/agent\/bin\/python\n/);
  });

  it('ends without running the task if pip fails, and names each tried Python', async () => {
    putPython(join(bin, 'python3'));
    const { exitCode, stdout, stderr } = await run({}, { STAND_IN_HAS_AGENT: 'no', STAND_IN_PIP: 'fails' });
    expect(exitCode).to.equal(JOB_EXIT_CODES.noPython.code);
    expect(stdout).to.equal('');
    const last = stderr.trim().split('\n').at(-1);
    expect(last).to.include(JOB_EXIT_CODES.noPython.meaning).and.include(join(bin, 'python3')).and.include('3.0.3');
    expect(node.calls().some((call) => call.startsWith('gate'))).to.equal(false);
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('reports that pip failed and that the node lacks the configured Python', async () => {
    putPython(join(bin, 'python3'));
    const broken = { STAND_IN_HAS_AGENT: 'no', STAND_IN_PIP: 'fails' };
    const { exitCode, stderr } = await run({ python: '/not/on/this/node' }, broken);
    expect(exitCode).to.equal(JOB_EXIT_CODES.noPython.code);
    expect(stderr).to.include(`(tried /not/on/this/node (not found), ${join(bin, 'python3')}, and could not install`);
  });

  it('ends if PATH contains no Python, and lists the searched directories', async () => {
    const { exitCode, stderr } = await run({});
    expect(exitCode).to.equal(JOB_EXIT_CODES.noPython.code);
    expect(stderr.trim().split('\n')).to.have.length(1);
    expect(stderr).to.include(`no python3 and no python in ${bin}:`);
  });

  describe('(with a shared directory)', () => {
    let shared: string;
    let home: string;
    beforeEach(() => {
      shared = join(node.home, 'shared folder');
      home = join(shared, 'agents', '3.0.3-py3.11-x86_64');
      putPython(join(bin, 'python3'));
    });

    const none = { ...SHOW, STAND_IN_HAS_AGENT: 'no' };

    it('installs clearml-agent once if twenty jobs start together', async () => {
      const runs = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          run({ sharedDir: shared }, { ...none, STAND_IN_PIP_SECONDS: '1', SLURM_JOB_ID: String(index) }),
        ),
      );
      for (const { exitCode, stdout } of runs) {
        expect({ exitCode, stdout }).to.deep.include({ exitCode: 0 });
        expect(stdout).to.include(`python: ${home}/bin/python\n`);
      }
      expect(node.calls().filter((call) => call === 'pip')).to.have.length(1);
      expect(readdirSync(join(shared, 'agents'))).to.deep.equal(['3.0.3-py3.11-x86_64']);
    });

    it('does not install clearml-agent if another job finishes the same installation first', async () => {
      const other = `mkdir -p "\${home}/bin" && cp ${node.python} "$home/bin/python" && touch "$home/bin/agent-is-here"`;
      writeFileSync(
        join(bin, 'mkdir'),
        `#!/bin/bash\nPATH=/usr/bin:/bin\nhome=\${!#}\ncase $home in *.lock) home=\${home%.lock}; ${other} ;; esac\nexec mkdir "$@"\n`,
        { mode: 0o755 },
      );
      const { stdout, stderr } = await run({ sharedDir: shared }, none);
      expect(stdout).to.include(`python: ${home}/bin/python\n`);
      expect(stderr).not.to.include('installing');
      expect(readdirSync(join(shared, 'agents'))).to.deep.equal(['3.0.3-py3.11-x86_64']);
    });

    it('uses the installation of an earlier job', async () => {
      await run({ sharedDir: shared }, none);
      const { stdout, stderr } = await run({ sharedDir: shared }, none);
      expect(stdout).to.include(`python: ${home}/bin/python\n`);
      expect(stderr).not.to.include('installing');
    });

    it('removes the partial installation if pip fails', async () => {
      const runs = await Promise.all(
        [1, 2, 3].map(() => run({ sharedDir: shared }, { ...none, STAND_IN_PIP: 'fails' })),
      );
      expect(runs.map(({ exitCode }) => exitCode)).to.deep.equal(Array(3).fill(JOB_EXIT_CODES.noPython.code));
      expect(readdirSync(join(shared, 'agents'))).to.deep.equal([]);
    });

    it('removes the hour-old lock of a killed job, and then installs clearml-agent', async () => {
      mkdirSync(`${home}.lock`, { recursive: true });
      const longAgo = Date.now() / 1000 - 3600;
      utimesSync(`${home}.lock`, longAgo, longAgo);
      const { stdout } = await run({ sharedDir: shared }, none);
      expect(stdout).to.include(`python: ${home}/bin/python\n`);
      expect(existsSync(`${home}.lock`)).to.equal(false);
    });

    it('installs clearml-agent in the private directory if the shared directory cannot be created', async () => {
      writeFileSync(join(node.home, 'a file'), '');
      const { exitCode, stdout } = await run({ sharedDir: join(node.home, 'a file') }, none);
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(/python: \S+\/clearml-4711\.\w+\/agent\/bin\/python\n/);
    });
  });
});

/** A directory with the programs that the script and the stand-in use, without Python. */
function toolsOnly(node: Node): string {
  const folder = join(node.home, 'tools');
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  const tools = [
    'bash',
    'cat',
    'cp',
    'env',
    'find',
    'mkdir',
    'mktemp',
    'mv',
    'rm',
    'rmdir',
    'sed',
    'sleep',
    'stat',
    'touch',
    'uname',
  ];
  for (const tool of tools)
    writeFileSync(join(folder, tool), `#!/bin/bash\nexec /usr/bin/${tool} "$@"\n`, { mode: 0o755 });
  return folder;
}
