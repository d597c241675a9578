// What the program does with files and folders that another Unix user can read, change, or has made first.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileNotWritten, writePrivateFile } from '../../src/host/files.ts';
import { createLocalHost } from '../../src/host/local.ts';
import { rejection } from '../support/rejection.ts';
import { requireRoot } from '../support/requires.ts';
import { hereOnSandbox, type OnSandbox } from './on-sandbox.ts';
import type { Answer } from './run-here.ts';

const MALLORY = 4002;
const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('files and folders of others', () => {
  let place: OnSandbox;
  /** Everybody gets there, and may write there; nobody can take away what is another's. */
  let open: string;
  before(requireRoot);
  beforeEach(async () => {
    place = await hereOnSandbox();
    await place.write('t', TEMPLATE);
    chmodSync(place.folder, 0o755);
    open = join(place.folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o1777);
  });
  afterEach(() => place[Symbol.asyncDispose]());

  function mallory(script: string): void {
    const become = [`--reuid=${MALLORY}`, `--regid=${MALLORY}`, '--clear-groups', '--'];
    execFileSync('setpriv', [...become, 'sh', '-ec', `cd "$0"; umask 022; ${script}`, open]);
  }

  async function start(...settings: readonly string[]): Promise<Answer> {
    await place.write('more.conf', `include "clearml.conf"\nagent.slurm { ${settings.join('\n')} }`);
    chmodSync(join(place.folder, 'more.conf'), 0o600);
    return place.run(
      '--config-file',
      join(place.folder, 'more.conf'),
      '--template-files',
      't',
      '--queue',
      'default',
      '--create-queue',
      '--once',
    );
  }

  it('that hold the configuration: refused where they can write, also through a link of theirs', async () => {
    chmodSync(join(place.folder, 'clearml.conf'), 0o662);
    const { code, stderr } = await start();
    expect(code).to.equal(78);
    expect(stderr).to.include('clearml.conf can be written by everybody (mode 662)').and.include('chmod go-w');

    mallory(`ln -s ${place.folder}/more.conf mine.conf`);
    const linked = await place.run('--config-file', join(open, 'mine.conf'), '--once');
    expect(linked.code).to.equal(78);
    expect(linked.stderr).to.include(`${open}/mine.conf belongs to another user (uid ${MALLORY})`);
  });

  it('that hold the configuration: warned of where they can read the keys, and only there', async () => {
    chmodSync(join(place.folder, 'clearml.conf'), 0o644);
    const warning = `Other users can read ${place.folder}/clearml.conf, which has keys in it: run chmod 600`;
    expect((await start()).stderr)
      .to.include(warning)
      .and.not.to.match(/can read \S+more\.conf/);
    expect((await place.run('doctor')).stdout).to.include(warning);
    chmodSync(join(place.folder, 'clearml.conf'), 0o600);
    expect((await start()).stderr).not.to.include('Other users can read');
  });

  it('that hold the template: refused, and the group of a project taken', async () => {
    chmodSync(join(place.folder, 't'), 0o664);
    execFileSync('chgrp', ['4100', join(place.folder, 't')]);
    const { code, stderr } = await start();
    expect(code).to.equal(78);
    expect(stderr)
      .to.include('The template t is not used, as others can change it:')
      .and.include('/t can be written by group 4100 (mode 664)')
      .and.include('agent.slurm.trusted_group');
    expect((await start('trusted_group: 4100')).stderr).not.to.include('is not used');
  });

  it('that are the state folder: refused, and nothing is written into them', async () => {
    mallory('mkdir state; ln -s /etc/passwd state/journal.jsonl; chmod 777 state');
    const { code, stderr } = await start(`state_dir: "${open}/state"`);
    expect(code).to.equal(73);
    expect(stderr).to.include(`${open}/state belongs to another user (uid ${MALLORY})`);
    expect(readdirSync(join(open, 'state'))).to.deep.equal(['journal.jsonl']);
  });

  it('that are the state folder: not made through a link of theirs', async () => {
    mallory(`ln -s ${place.folder} way`);
    const { code } = await start(`state_dir: "${open}/way/state"`);
    expect(code).to.equal(73);
    expect(existsSync(join(place.folder, 'state'))).to.equal(false);
  });

  describe('that are the shared folder', () => {
    const host = createLocalHost({
      path: '/usr/bin:/bin',
      home: '/',
      user: 'root',
      workingDirectory: '/',
      variables: {},
    });
    const write = (path: string, group?: string): Promise<unknown> => writePrivateFile(host, path, 'keys', group);

    it('get no keys', async () => {
      mallory('mkdir -p shared/jobs');
      const error = await rejection(write(join(open, 'shared/jobs/x.conf')));
      expect(error).to.be.instanceOf(FileNotWritten);
      expect(error).to.have.property('message').that.includes(`${open}/shared belongs to`);
      expect(readdirSync(join(open, 'shared/jobs'))).to.deep.equal([]);
    });

    it('get none by a link either, and no folder is made through one', async () => {
      mallory(`ln -s ${place.folder} shared`);
      expect(await rejection(write(join(open, 'shared/jobs/x.conf')))).to.be.instanceOf(FileNotWritten);
      expect(existsSync(join(place.folder, 'jobs'))).to.equal(false);
    });

    it('overwrite no file by a link that was put there before', async () => {
      const jobs = join(place.folder, 'shared/jobs');
      mkdirSync(jobs, { recursive: true });
      writeFileSync(join(place.folder, 'precious'), 'mine');
      execFileSync('ln', ['-s', join(place.folder, 'precious'), join(jobs, 'x.conf.tmp')]);
      execFileSync('ln', ['-s', join(place.folder, 'precious'), join(jobs, 'x.conf')]);
      await write(join(jobs, 'x.conf'));
      expect(execFileSync('cat', [join(place.folder, 'precious')], { encoding: 'utf8' })).to.equal('mine');
      expect(execFileSync('stat', ['-c', '%F %a', join(jobs, 'x.conf')], { encoding: 'utf8' })).to.equal(
        'regular file 600\n',
      );
    });
  });
});
