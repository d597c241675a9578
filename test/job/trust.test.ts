// Files and folders of another user: the job ends with a message, and runs, reads and overwrites none of them.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { requireRoot } from '../support/skip-unless.ts';
import { containerFacts, createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

const MALLORY = 4002;
const LAB = 4100;

describe('a job', () => {
  let node: Node;
  let open: string;
  before(requireRoot);
  beforeEach(() => {
    node = createNode();
    // Every user can read and write this directory.
    open = join(node.home, '..', 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    chmodSync(join(node.home, '..'), 0o755);
  });
  afterEach(() => node.remove());

  function run(overrides: Partial<JobFacts>, env: Record<string, string> = {}): Promise<JobRun> {
    return node.run(fillIn(PLAIN_TEMPLATE, jobFacts({ python: node.python, ...overrides })), env);
  }

  /** Runs a command as Mallory, another user. */
  function mallory(script: string, groups: readonly number[] = []): void {
    const become = [`--reuid=${MALLORY}`, `--regid=${MALLORY}`];
    const others = groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join()}`];
    execFileSync('setpriv', [...become, ...others, '--', 'sh', '-ec', `cd "$0"; umask 022; ${script}`, open]);
  }

  function expectRefused({ exitCode, stdout, stderr }: JobRun, why: string): void {
    expect({ exitCode, stderr }).to.deep.include({ exitCode: JOB_EXIT_CODES.untrustedPath.code });
    expect(stderr).to.include(JOB_EXIT_CODES.untrustedPath.meaning).and.include(why);
    expect(stdout).to.equal('');
    expect(node.calls().filter((call) => /^(agent|gate)/.test(call))).to.deep.equal([]);
    expect(existsSync(join(open, 'taken'))).to.equal(false);
  }

  it("rejects a clearml.conf in another user's directory", async () => {
    mallory('mkdir -p shared/jobs; echo "api.api_server: http://mallory" > shared/jobs/x.conf');
    const conf = join(open, 'shared/jobs/x.conf');
    expectRefused(await run({ sharedConf: conf }), `${open} can be written by everybody (mode 777)`);
    chmodSync(open, 0o1777);
    expectRefused(await run({ sharedConf: conf }), `${open}/shared belongs to`);
  });

  it('rejects a clearml.conf behind a symbolic link of another user', async () => {
    chmodSync(open, 0o1777);
    mallory(`ln -s ${node.home}/clearml.conf x.conf`);
    expectRefused(await run({ sharedConf: join(open, 'x.conf') }), `${open}/x.conf belongs to`);
  });

  it('rejects a clearml.conf in a home directory that other users can write to', async () => {
    chmodSync(join(node.home, 'clearml.conf'), 0o666);
    expectRefused(await run({}), `${node.home}/clearml.conf can be written by everybody (mode 666)`);
  });

  it('rejects a clearml.conf with a relative path in a directory that other users can write to', async () => {
    mallory('echo "api.api_server: http://mallory" > x.conf');
    expectRefused(await run({}, { CLEARML_CONFIG_FILE: 'open/x.conf' }), `${open} can be written by everybody`);
  });

  it("rejects a Python environment in another user's directory", async () => {
    const home = 'shared/agents/3.0.3-py3.11-x86_64';
    mallory(
      `mkdir -p ${home}/bin; printf '#!/bin/sh\ntouch ${open}/taken\n' > ${home}/bin/python; chmod +x ${home}/bin/python`,
    );
    chmodSync(open, 0o1777);
    expectRefused(
      await run({ sharedDir: join(open, 'shared') }, { STAND_IN_HAS_AGENT: 'no' }),
      `${open}/shared belongs to`,
    );
  });

  it('rejects a configured Python of another user, and accepts a Python of a system account', async () => {
    const python = join(open, 'python');
    execFileSync('cp', [node.python, python]);
    expectRefused(await run({ python }), `${open} can be written by everybody (mode 777)`);
    chmodSync(open, 0o755);
    chownSync(python, MALLORY, MALLORY);
    expectRefused(await run({ python }), `${python} belongs to`);
    chownSync(python, 990, 990);
    const { exitCode, stderr } = await run({ python });
    expect(exitCode, stderr).to.equal(0);
  });

  it("rejects another user's Python environment even if the directory is no longer writable for others", async () => {
    const shared = join(node.home, 'shared');
    mkdirSync(join(shared, 'agents'), { recursive: true });
    symlinkSync(open, join(node.home, 'way'));
    mallory(
      'mkdir -p 3.0.3-py3.11-x86_64/bin; echo exit > 3.0.3-py3.11-x86_64/bin/python; chmod +x 3.0.3-py3.11-x86_64/bin/python',
    );
    execFileSync('cp', ['-a', join(open, '3.0.3-py3.11-x86_64'), join(shared, 'agents')]);
    expectRefused(
      await run({ sharedDir: shared }, { STAND_IN_HAS_AGENT: 'no' }),
      'agents/3.0.3-py3.11-x86_64 belongs to',
    );
  });

  it("rejects a pulled image in another user's directory", async () => {
    mallory('mkdir cache; echo image > cache/x.sif');
    chmodSync(open, 0o1777);
    const container = containerFacts({
      image: 'docker://x',
      imageName: 'x',
      pulledImage: join(open, 'cache/x.sif'),
    });
    expectRefused(await run({ container }), `${open}/cache belongs to`);
    const siteImages = [join(open, 'cache/x.sif')];
    expectRefused(await run({ container: { ...container, siteImages } }), `${open}/cache belongs to`);
    chmodSync(open, 0o777);
    const made = { ...container, pulledImage: join(open, 'other/x.sif') };
    expectRefused(await run({ container: made }), `${open} can be written by everybody`);
    expect(readdirSync(open)).to.deep.equal(['cache']);
  });

  it('creates the private directory in /tmp if other users can replace directories in TMPDIR', async () => {
    const { exitCode, stdout, stderr } = await run({}, { TMPDIR: open, STAND_IN_AGENT: 'echo "$CLEARML_CONFIG_FILE"' });
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.match(/^\/tmp\/clearml-4711\.\w+\/clearml\.conf$/m);
    expect(stderr).to.include(`is not created in ${open}: ${open} can be written by everybody (mode 777)`);
    expect(readdirSync(open)).to.deep.equal([]);
  });

  it('tries only once to create the private directory if SLURM_TMPDIR and TMPDIR are equal', async () => {
    const { exitCode, stderr } = await run({}, { SLURM_TMPDIR: open, TMPDIR: open });
    expect(exitCode, stderr).to.equal(0);
    expect(stderr.match(/is not created in/g), stderr).to.have.length(1);
  });

  it('accepts a group-writable shared directory if the configuration trusts the group', async () => {
    const shared = join(node.home, 'project');
    mkdirSync(join(shared, 'jobs'), { recursive: true });
    writeFileSync(join(shared, 'jobs/x.conf'), '');
    for (const made of [shared, join(shared, 'jobs')]) {
      execFileSync('chown', [`${MALLORY}:${LAB}`, made]);
      chmodSync(made, 0o2775);
    }
    const overrides = { sharedDir: shared, sharedConf: join(shared, 'jobs/x.conf') };
    expectRefused(await run(overrides), `${shared} belongs to`);
    const { exitCode, stderr } = await run({ ...overrides, trustedGroup: String(LAB) });
    expect(exitCode, stderr).to.equal(0);
  });

  describe('that finds the private directory of an earlier job', () => {
    function left(name: string, text: string): string {
      const folder = join(node.tmp, name);
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(join(folder, 'clearml.conf'), 'secret');
      writeFileSync(join(folder, 'node'), text);
      return folder;
    }
    const here = execFileSync('uname', ['-n'], { encoding: 'utf8' });

    it('removes the directory if the earlier job was killed', async () => {
      const killed = node.start(fillIn(PLAIN_TEMPLATE, jobFacts({ python: node.python })), {
        STAND_IN_AGENT: 'echo started; sleep 60',
      });
      await killed.printed('started');
      process.kill(-(killed.process.pid ?? 0), 'SIGKILL');
      await killed.ended;
      expect(node.leftovers()).to.have.length(1);
      const { stderr } = await run({});
      expect(stderr).to.match(/removed \S+clearml-4711\.\w+, left by a job that was killed/);
      expect(node.leftovers()).to.deep.equal([]);
    });

    it('keeps the directory while the earlier job runs', async () => {
      execFileSync('mkfifo', [join(node.home, 'go')]);
      const first = node.start(fillIn(PLAIN_TEMPLATE, jobFacts({ python: node.python })), {
        STAND_IN_AGENT: 'echo started; read -r _ < "$GO"; cat "$CLEARML_CONFIG_FILE"',
        GO: join(node.home, 'go'),
      });
      await first.printed('started');
      const second = await run({});
      expect(second.exitCode, second.stderr).to.equal(0);
      writeFileSync(join(node.home, 'go'), 'go\n');
      const { exitCode, stdout } = await first.ended;
      expect(exitCode).to.equal(0);
      expect(stdout).to.include('api_server');
    });

    it('keeps a directory of another node and an incomplete directory', async () => {
      const kept = [
        left('clearml-1.abcdef', 'another-node\n'),
        left('clearml-2.abcdef-1', `${here.trim()} prepared\n`),
      ];
      mkdirSync(join(node.tmp, 'clearml-3.abcdef'));
      await run({});
      expect(kept.map((folder) => existsSync(join(folder, 'clearml.conf')))).to.deep.equal([true, true]);
      expect(node.leftovers()).to.have.length(3);
    });

    it('keeps the directory if other users can replace directories in TMPDIR', async () => {
      const folder = left('clearml-6.abcdef', here);
      chmodSync(node.tmp, 0o775);
      chownSync(node.tmp, 0, LAB);
      await run({});
      expect(existsSync(join(folder, 'clearml.conf'))).to.equal(true);
      // Like /tmp: no user can replace a directory of another user.
      chownSync(node.tmp, 0, 0);
      chmodSync(node.tmp, 0o1777);
      await run({});
      expect(existsSync(folder)).to.equal(false);
    });

    it('keeps a directory of another user', async () => {
      mallory(
        `mkdir clearml-4.abcdef; cp ${node.home}/clearml.conf clearml-4.abcdef; uname -n > clearml-4.abcdef/node; ln -s ${node.home} clearml-5.abcdef`,
      );
      writeFileSync(join(node.home, 'node'), here);
      chmodSync(open, 0o1777);
      await run({}, { TMPDIR: open });
      expect(readdirSync(open).sort()).to.deep.equal(['clearml-4.abcdef', 'clearml-5.abcdef']);
      expect(readFileSync(join(node.home, 'clearml.conf'), 'utf8')).to.include('api_server');
    });
  });
});
