// What a job does with files and folders of another user: it ends with a sentence, and runs, reads and overwrites nothing of theirs.
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
import type { JobFacts } from '../../src/template/blocks.ts';
import { JOB_EXIT_CODES } from '../../src/template/job-exit-codes.ts';
import { requireRoot } from '../support/requires.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

const MALLORY = 4002;
const LAB = 4100;

describe('what a job trusts', () => {
  let node: Node;
  let open: string;
  before(requireRoot);
  beforeEach(() => {
    node = createNode();
    // Everybody gets to this folder, and may write there.
    open = join(node.home, '..', 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    chmodSync(join(node.home, '..'), 0o755);
  });
  afterEach(() => node.remove());

  function run(wishes: Partial<JobFacts>, env: Record<string, string> = {}): Promise<JobRun> {
    return node.run(fillIn(PLAIN_TEMPLATE, jobFacts({ python: node.python, ...wishes })), env);
  }

  /** What Mallory does there. */
  function mallory(script: string, groups: readonly number[] = []): void {
    const become = [`--reuid=${MALLORY}`, `--regid=${MALLORY}`];
    const others = groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join()}`];
    execFileSync('setpriv', [...become, ...others, '--', 'sh', '-ec', `cd "$0"; umask 022; ${script}`, open]);
  }

  function expectRefused({ exitCode, stdout, stderr }: JobRun, why: string): void {
    expect({ exitCode, stderr }).to.deep.include({ exitCode: JOB_EXIT_CODES.untrustedPath.code });
    expect(stderr).to.include(JOB_EXIT_CODES.untrustedPath.says).and.include(why);
    expect(stdout).to.equal('');
    expect(node.asked().filter((call) => /^(agent|gate)/.test(call))).to.deep.equal([]);
    expect(existsSync(join(open, 'taken'))).to.equal(false);
  }

  it('is not a clearml.conf in a shared folder that somebody else made first', async () => {
    mallory('mkdir -p shared/jobs; echo "api.api_server: http://mallory" > shared/jobs/x.conf');
    const conf = join(open, 'shared/jobs/x.conf');
    expectRefused(await run({ sharedConf: conf }), `${open} can be written by everybody (mode 777)`);
    chmodSync(open, 0o1777);
    expectRefused(await run({ sharedConf: conf }), `${open}/shared belongs to`);
  });

  it('is not a clearml.conf that a link of somebody else leads to', async () => {
    chmodSync(open, 0o1777);
    mallory(`ln -s ${node.home}/clearml.conf x.conf`);
    expectRefused(await run({ sharedConf: join(open, 'x.conf') }), `${open}/x.conf belongs to`);
  });

  it('is no clearml.conf of the home folder that others may write to', async () => {
    chmodSync(join(node.home, 'clearml.conf'), 0o666);
    expectRefused(await run({}), `${node.home}/clearml.conf can be written by everybody (mode 666)`);
  });

  it('is no clearml.conf that is named by a relative path, where others may write', async () => {
    mallory('echo "api.api_server: http://mallory" > x.conf');
    expectRefused(await run({}, { CLEARML_CONFIG_FILE: 'open/x.conf' }), `${open} can be written by everybody`);
  });

  it('is not a Python in the shared folder that somebody else made first', async () => {
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

  it('is no Python of the configuration that others can change, and one of a system account is', async () => {
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

  it('is not what somebody else has made in a folder that was open once', async () => {
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

  it('is no image that somebody else has put into the folder for pulled images', async () => {
    mallory('mkdir cache; echo image > cache/x.sif');
    chmodSync(open, 0o1777);
    const container = {
      image: 'docker://x',
      imageName: 'x',
      siteImages: [],
      pulledImage: join(open, 'cache/x.sif'),
      forcePull: false,
      runtime: 'singularity',
      ssh: false,
      options: [],
      environment: [],
      setUp: '',
    };
    expectRefused(await run({ container }), `${open}/cache belongs to`);
    const siteImages = [join(open, 'cache/x.sif')];
    expectRefused(await run({ container: { ...container, siteImages } }), `${open}/cache belongs to`);
    chmodSync(open, 0o777);
    const made = { ...container, pulledImage: join(open, 'other/x.sif') };
    expectRefused(await run({ container: made }), `${open} can be written by everybody`);
    expect(readdirSync(open)).to.deep.equal(['cache']);
  });

  it('is no folder for temporary files where others could replace its own: the next one is taken', async () => {
    const { exitCode, stdout, stderr } = await run({}, { TMPDIR: open, STAND_IN_AGENT: 'echo "$CLEARML_CONFIG_FILE"' });
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.match(/^\/tmp\/clearml-4711\.\w+\/clearml\.conf$/m);
    expect(stderr).to.include(`is not created in ${open}: ${open} can be written by everybody (mode 777)`);
    expect(readdirSync(open)).to.deep.equal([]);
  });

  it('is a folder of a project, where the configuration names its group', async () => {
    const shared = join(node.home, 'project');
    mkdirSync(join(shared, 'jobs'), { recursive: true });
    writeFileSync(join(shared, 'jobs/x.conf'), '');
    for (const made of [shared, join(shared, 'jobs')]) {
      execFileSync('chown', [`${MALLORY}:${LAB}`, made]);
      chmodSync(made, 0o2775);
    }
    const wishes = { sharedDir: shared, sharedConf: join(shared, 'jobs/x.conf') };
    expectRefused(await run(wishes), `${shared} belongs to`);
    const { exitCode, stderr } = await run({ ...wishes, trustedGroup: String(LAB) });
    expect(exitCode, stderr).to.equal(0);
  });

  describe('and what a killed job has left', () => {
    function left(name: string, text: string): string {
      const folder = join(node.tmp, name);
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(join(folder, 'clearml.conf'), 'secret');
      writeFileSync(join(folder, 'node'), text);
      return folder;
    }
    const here = execFileSync('uname', ['-n'], { encoding: 'utf8' });

    it('is removed by the next one on the node, keys and all', async () => {
      const killed = node.start(fillIn(PLAIN_TEMPLATE, jobFacts({ python: node.python })), {
        STAND_IN_AGENT: 'echo started; sleep 60',
      });
      await new Promise<void>((resolve) =>
        killed.process.stdout?.on('data', (text: Buffer) => text.includes('started') && resolve()),
      );
      process.kill(-(killed.process.pid ?? 0), 'SIGKILL');
      await killed.ended;
      expect(node.leftovers()).to.have.length(1);
      const { stderr } = await run({});
      expect(stderr).to.match(/removed \S+clearml-4711\.\w+, left by a job that was killed/);
      expect(node.leftovers()).to.deep.equal([]);
    });

    it('is let alone while the job lives', async () => {
      const first = node.start(fillIn(PLAIN_TEMPLATE, jobFacts({ python: node.python })), {
        STAND_IN_AGENT: 'echo started; read -r _ < "$GO"; cat "$CLEARML_CONFIG_FILE"',
        GO: join(node.home, 'go'),
      });
      execFileSync('mkfifo', [join(node.home, 'go')]);
      await new Promise<void>((resolve) =>
        first.process.stdout?.on('data', (text: Buffer) => text.includes('started') && resolve()),
      );
      const second = await run({});
      expect(second.exitCode, second.stderr).to.equal(0);
      writeFileSync(join(node.home, 'go'), 'go\n');
      const { exitCode, stdout } = await first.ended;
      expect(exitCode).to.equal(0);
      expect(stdout).to.include('api_server');
    });

    it('is let alone on another node, while it is being prepared, and where it says nothing of itself', async () => {
      const kept = [
        left('clearml-1.abcdef', 'another-node\n'),
        left('clearml-2.abcdef-1', `${here.trim()} prepared\n`),
      ];
      mkdirSync(join(node.tmp, 'clearml-3.abcdef'));
      await run({});
      expect(kept.map((folder) => existsSync(join(folder, 'clearml.conf')))).to.deep.equal([true, true]);
      expect(node.leftovers()).to.have.length(3);
    });

    it('is let alone in a place where others can exchange one folder for another', async () => {
      const folder = left('clearml-6.abcdef', here);
      chmodSync(node.tmp, 0o775);
      chownSync(node.tmp, 0, LAB);
      await run({});
      expect(existsSync(join(folder, 'clearml.conf'))).to.equal(true);
      // As /tmp: nobody can exchange what is another's.
      chownSync(node.tmp, 0, 0);
      chmodSync(node.tmp, 0o1777);
      await run({});
      expect(existsSync(folder)).to.equal(false);
    });

    it('is let alone where it is another user', async () => {
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
