// Files and directories that another Unix user can read or change, or has created first.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileNotWrittenError, writePrivateFile } from '../../src/transport/host-files.ts';
import { openLocalTransport } from '../support/local-transport.ts';
import { rejection } from '../support/rejection.ts';
import { requireRoot } from '../support/skip-unless.ts';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { openCliWithSandbox, type CliWithSandbox } from '../cli/cli-with-sandbox.ts';
import type { CliResult } from '../cli/open-cli.ts';

const MALLORY = 4002;
const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('protection against other Unix users:', () => {
  let cli: CliWithSandbox;
  /** A sticky directory that every user can write to. */
  let open: string;
  before(requireRoot);
  beforeEach(async () => {
    cli = await openCliWithSandbox();
    await cli.write('t', TEMPLATE);
    chmodSync(cli.folder, 0o755);
    open = join(cli.folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o1777);
  });
  afterEach(() => cli[Symbol.asyncDispose]());

  function mallory(script: string): void {
    const become = [`--reuid=${MALLORY}`, `--regid=${MALLORY}`, '--clear-groups', '--'];
    execFileSync('setpriv', [...become, 'sh', '-ec', `cd "$0"; umask 022; ${script}`, open]);
  }

  async function start(...settings: readonly string[]): Promise<CliResult> {
    await cli.write('more.conf', `include "clearml.conf"\nagent.slurm { ${settings.join('\n')} }`);
    chmodSync(join(cli.folder, 'more.conf'), 0o600);
    return cli.run(
      '--config-file',
      join(cli.folder, 'more.conf'),
      '--template-files',
      't',
      '--queue',
      'default',
      '--create-queue',
      '--once',
    );
  }

  it('the daemon rejects a configuration file that other users can change', async () => {
    chmodSync(join(cli.folder, 'clearml.conf'), 0o662);
    const { code, stderr } = await start();
    expect(code).to.equal(78);
    expect(stderr).to.include('clearml.conf can be written by everybody (mode 662)').and.include('chmod go-w');

    mallory(`ln -s ${cli.folder}/more.conf mine.conf`);
    const linked = await cli.run('--config-file', join(open, 'mine.conf'), '--once');
    expect(linked.code).to.equal(78);
    expect(linked.stderr).to.include(`${open}/mine.conf belongs to another user (uid ${MALLORY})`);
  });

  it('the daemon and doctor warn if other users can read a configuration file with keys', async () => {
    chmodSync(join(cli.folder, 'clearml.conf'), 0o644);
    const warning = `Other users can read ${cli.folder}/clearml.conf, which contains keys: run chmod 600`;
    expect((await start()).stderr)
      .to.include(warning)
      .and.not.to.match(/can read \S+more\.conf/);
    expect((await cli.run('doctor')).stdout).to.include(warning);
    chmodSync(join(cli.folder, 'clearml.conf'), 0o600);
    expect((await start()).stderr).not.to.include('Other users can read');
  });

  it('the daemon rejects a template that a group can change, unless trusted_group names the group', async () => {
    chmodSync(join(cli.folder, 't'), 0o664);
    execFileSync('chgrp', ['4100', join(cli.folder, 't')]);
    const { code, stderr } = await start();
    expect(code).to.equal(78);
    expect(stderr)
      .to.include('The template t is refused because other users can change it:')
      .and.include('/t can be written by group 4100 (mode 664)')
      .and.include('agent.slurm.trusted_group');
    const taken = await start('trusted_group: 4100');
    expect(taken.code, taken.stderr).not.to.equal(78);
  });

  /** Settings that name files in a directory that every user can write to. */
  const LOOSE: readonly (readonly [setting: string, line: string])[] = [
    ['api.verify_certificate', 'api.verify_certificate: "FOLDER/ca.pem"'],
    [
      'agent.slurm.clusters.far.identity_file',
      'agent.slurm.clusters.far { host: h, identity_file: [~/.ssh/k, FOLDER/k] }',
    ],
    ['agent.slurm.clusters.far.password_file', 'agent.slurm.clusters.far { host: h, password_file: FOLDER/p }'],
    [
      'agent.slurm.clusters.far.password_command',
      'agent.slurm.clusters.far { host: h, password_command: [FOLDER/ask, -q] }',
    ],
  ];
  for (const [setting, line] of LOOSE) {
    it(`the daemon and doctor reject ${setting} if other users can change the path`, async () => {
      chmodSync(open, 0o1777);
      await cli.write('more.conf', `include "clearml.conf"\n${line.replace('FOLDER', open)}`);
      const conf = ['--config-file', join(cli.folder, 'more.conf')];
      for (const command of [['--once'], ['status']]) {
        const { code, stderr } = await cli.run(...command, ...conf);
        expect(code, stderr).to.equal(78);
        expect(stderr)
          .to.include(`more.conf:2`)
          .and.include(
            `${setting} is refused because other users can change the file that it names: ${open} can be written by everybody (mode 1777)`,
          );
      }
      const { code, stdout } = await cli.run('doctor', ...conf);
      expect(code).to.equal(1);
      expect(stdout.replaceAll(/\s+/g, ' ')).to.include(`${setting} is refused`);
      chmodSync(open, 0o755);
      expect((await cli.run('config', ...conf)).code).to.equal(0);
    });
  }

  it('the status command rejects the file in REQUESTS_CA_BUNDLE if other users can change the file', async () => {
    const other = await openCliWithSandbox('', { REQUESTS_CA_BUNDLE: join(open, 'ca.pem') });
    try {
      const { code, stderr } = await other.run('status');
      expect(code).to.equal(78);
      expect(stderr).to.include('REQUESTS_CA_BUNDLE');
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  describe('the daemon', () => {
    let slurm: StandInCluster;
    let bin: string;
    beforeEach(async () => {
      slurm = await startStandInCluster({ stateDir: join(cli.folder, 'slurm') });
      bin = join(open, 'bin');
      execFileSync('cp', ['-a', slurm.commandsDir, bin]);
      await cli.write('slurm.conf', '');
    });
    afterEach(() => slurm.close());

    const rows: readonly (readonly [string, string, string])[] = [
      ['slurm_bin_dir', 'slurm_bin_dir: "BIN"', 'The directory BIN on this machine (in PATH or slurm_bin_dir)'],
      [
        'binaries.batch_binary',
        'slurm_bin_dir: "OWN", binaries { batch_binary: "BIN/sbatch --quiet" }',
        'The program BIN/sbatch on this machine',
      ],
      [
        'binaries.monitor_binary',
        'slurm_bin_dir: "OWN", binaries { monitor_binary: "BIN/squeue" }',
        'The program BIN/squeue on this machine',
      ],
      [
        'slurm_conf',
        'slurm_bin_dir: "OWN", slurm_conf: "BIN/slurm.conf"',
        'The configuration BIN/slurm.conf on this machine',
      ],
      ['python', 'slurm_bin_dir: "OWN", python: "BIN/sbatch"', 'The program BIN/sbatch on this machine'],
    ];
    for (const [setting, lines, message] of rows) {
      it(`rejects agent.slurm.${setting} if other users can change the path`, async () => {
        const filled = (text: string): string => text.replace('BIN', bin).replace('OWN', slurm.commandsDir);
        chmodSync(open, 0o777);
        const { code, stderr } = await start(filled(lines));
        expect(code, stderr).to.equal(78);
        expect(stderr).to.include(filled(message)).and.include(`${open} can be written by everybody (mode 777)`);

        const doctor = await cli.run('doctor', '--config-file', join(cli.folder, 'more.conf'));
        const shown = doctor.stdout.replaceAll(/\s+/g, ' ');
        expect(shown)
          .to.match(/✘ slurm-commands/)
          .and.include(`${open} can be written by everybody`);

        chmodSync(open, 0o755);
        await cli.write('open/bin/slurm.conf', '');
        expect((await start(filled(lines))).stderr).not.to.include('is refused');
      });
    }

    it('accepts Slurm commands that a system account or the trusted group owns', async () => {
      const changeOwner = (who: string): unknown => execFileSync('chown', ['-R', who, bin]);
      changeOwner(String(MALLORY));
      const lines = `slurm_bin_dir: "${bin}"`;
      const refused = await start(lines);
      expect(refused.code).to.equal(78);
      expect(refused.stderr).to.include(`${bin} belongs to`).and.include(`(uid ${MALLORY})`);

      changeOwner('990:990');
      const ofSystem = await start(lines);
      expect(ofSystem.code, ofSystem.stderr).to.equal(0);
      changeOwner(`${MALLORY}:4100`);
      execFileSync('chmod', ['-R', 'g+w', bin]);
      const ofGroup = await start(lines, 'trusted_group: 4100');
      expect(ofGroup.code, ofGroup.stderr).to.equal(0);
    });

    it('ignores and reports a directory in PATH that another user owns', async () => {
      chmodSync(open, 0o1777);
      mallory(`mkdir first; for one in sh sbatch squeue scontrol cat id getent; do
        printf '#!/bin/sh\ntouch ${open}/taken\n' > first/$one; chmod +x first/$one; done`);
      const path = `${open}/first::.:${slurm.commandsDir}:/usr/bin:/bin`;
      const other = await openCliWithSandbox('', { PATH: path });
      try {
        await other.write('t', TEMPLATE);
        const args = ['--once', '--template-files', 't', '--queue', 'default', '--create-queue'];
        const { code, stderr } = await other.run(...args);
        const doctor = await other.run('doctor');
        expect(code, stderr).to.equal(0);
        const message = `Ignored ${open}/first in PATH because other users can change it: ${open}/first belongs to another user (uid ${MALLORY})`;
        expect(stderr.split(message)).to.have.length(2);
        expect(doctor.stdout.replaceAll(/\s+/g, ' ')).to.include(message);
        expect(existsSync(join(open, 'taken'))).to.equal(false);
      } finally {
        await other[Symbol.asyncDispose]();
      }
    });
  });

  it('the daemon rejects a state directory that another user owns', async () => {
    mallory('mkdir state; ln -s /etc/passwd state/journal.jsonl; chmod 777 state');
    const { code, stderr } = await start(`state_dir: "${open}/state"`);
    expect(code).to.equal(73);
    expect(stderr).to.include(`${open}/state belongs to another user (uid ${MALLORY})`);
    expect(readdirSync(join(open, 'state'))).to.deep.equal(['journal.jsonl']);
  });

  it('the daemon creates no state directory through a symbolic link of another user', async () => {
    mallory(`ln -s ${cli.folder} way`);
    const { code } = await start(`state_dir: "${open}/way/state"`);
    expect(code).to.equal(73);
    expect(existsSync(join(cli.folder, 'state'))).to.equal(false);
  });

  describe('a write of credentials to a shared directory', () => {
    const host = openLocalTransport();
    const write = (path: string, group?: string): Promise<unknown> => writePrivateFile(host, path, 'keys', group);

    it('fails if another user owns the directory', async () => {
      mallory('mkdir -p shared/jobs');
      const error = await rejection(write(join(open, 'shared/jobs/x.conf')));
      expect(error).to.be.instanceOf(FileNotWrittenError);
      expect(error).to.have.property('message').that.includes(`${open}/shared belongs to`);
      expect(readdirSync(join(open, 'shared/jobs'))).to.deep.equal([]);
    });

    it('fails if the path contains a symbolic link of another user', async () => {
      mallory(`ln -s ${cli.folder} shared`);
      expect(await rejection(write(join(open, 'shared/jobs/x.conf')))).to.be.instanceOf(FileNotWrittenError);
      expect(existsSync(join(cli.folder, 'jobs'))).to.equal(false);
    });

    it('replaces an existing symbolic link, and does not change the linked file', async () => {
      const jobs = join(cli.folder, 'shared/jobs');
      mkdirSync(jobs, { recursive: true });
      writeFileSync(join(cli.folder, 'precious'), 'mine');
      execFileSync('ln', ['-s', join(cli.folder, 'precious'), join(jobs, 'x.conf.tmp')]);
      execFileSync('ln', ['-s', join(cli.folder, 'precious'), join(jobs, 'x.conf')]);
      await write(join(jobs, 'x.conf'));
      expect(execFileSync('cat', [join(cli.folder, 'precious')], { encoding: 'utf8' })).to.equal('mine');
      expect(execFileSync('stat', ['-c', '%F %a', join(jobs, 'x.conf')], { encoding: 'utf8' })).to.equal(
        'regular file 600\n',
      );
    });
  });
});
