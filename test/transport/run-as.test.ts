// Commands of another Unix user: what sudo gets, and what its answers mean. A stand-in for sudo; e2e/user-map has the real one.
// cspell:ignore rlimit setrlimit
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandNotFoundError, SudoRefusedError } from '../../src/transport/errors.ts';
import { createLocalTransport } from '../../src/transport/local-transport.ts';
import { withSudo } from '../../src/transport/run-as.ts';
import type { CommandResult, Transport } from '../../src/transport/transport.ts';
import { rejection } from '../support/rejection.ts';
import { TIMEOUT_MS } from '../support/wait-until.ts';

describe('the transport with sudo', () => {
  let folder: string;
  let host: Transport;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'run-as-')));
    host = createLocalTransport({
      path: `${folder}:${folder}/new:/usr/bin:/bin`,
      home: '/',
      user: 'ann',
      workingDirectory: folder,
    });
    write('sbatch', 'cat; echo "$0"');
  });
  afterEach(async () => {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, script: string): void {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  function run(program = 'sbatch'): Promise<CommandResult> {
    return host.run({ program, args: ['--wrap=a b'], stdin: 'script\n', runAs: 'alice', timeoutMs: TIMEOUT_MS });
  }

  it('runs a command by its absolute path, without a prompt, a shell or environment variables', async () => {
    write('sudo', 'printf "%s|" "$@"; cat');
    const { stdout } = await run();
    expect(stdout).to.equal(`-n|-H|-u|alice|--|${folder}/sbatch|--wrap=a b|script\n`);
  });

  it("runs a command of the daemon's own user directly", async () => {
    write('sudo', 'exit 9');
    const { stdout } = await host.run({ program: 'sbatch', args: [], stdin: '', timeoutMs: TIMEOUT_MS });
    expect(stdout).to.equal(`${folder}/sbatch\n`);
  });

  for (const words of [
    'sudo: a password is required',
    'sudo: unknown user alice',
    "Sorry, user ann is not allowed to execute '/usr/bin/sbatch --wrap=a b' as alice on login1.",
    'ann is not in the sudoers file.  This incident will be reported.',
    'ann is not allowed to run sudo on login1.  This incident will be reported.',
    'sudo: unable to resolve host login1: Name or service not known\nsudo: a password is required',
    // pam_limits(8), for a user who has reached the maximum of logins.
    "There were too many logins for 'alice'.\nsudo: pam_open_session: Permission denied\nsudo: policy plugin failed session initialization",
    // sudo 1.9.13 and newer.
    'ann is not in the sudoers file.\nThis incident has been reported to the administrator.',
    "A notice of the site.\nSorry, user ann is not allowed to execute '/usr/bin/sbatch' as alice on login1.",
  ]) {
    it(`throws a SudoRefusedError if sudo prints ${JSON.stringify(words)}`, async () => {
      write('sudo', `cat > /dev/null; cat >&2 <<'END'\n${words}\nEND\nexit 1`);
      const error = await rejection(run());
      expect(error).to.be.instanceOf(SudoRefusedError);
      expect(String(error)).to.contain(words.split('\n').at(-1));
      expect(String(error)).to.contain('clearml-agent-slurm sudoers');
    });
  }

  it('advises the user to replace the systemd unit if NoNewPrivileges is set', async () => {
    const line = 'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.';
    write('sudo', `cat > /dev/null; echo '${line}' >&2; exit 1`);
    const error = await rejection(run());
    expect(error).to.be.instanceOf(SudoRefusedError);
    expect(String(error))
      .to.contain(line)
      .and.contain('replace the unit with the output of clearml-agent-slurm unit')
      .and.not.contain('sudoers');
  });

  for (const [what, script] of [
    ['the command printed a job id', 'echo 4711; echo "sudo: pam_close_session: error" >&2; exit 1'],
    ['the program reports an error', 'echo "sbatch: error: invalid partition" >&2; exit 1'],
    [
      'both the program and sudo report an error',
      'printf "sbatch: error: busy\\nsudo: pam_close_session: error\\n" >&2; exit 1',
    ],
    ['no line of the output is from sudo', 'echo "There were too many logins" >&2; exit 1'],
    ['the exit code is not that of sudo', 'echo "sudo: a password is required" >&2; exit 2'],
  ] as const) {
    it(`returns the exit code without a SudoRefusedError if ${what}`, async () => {
      write('sudo', `cat > /dev/null; ${script}`);
      expect(await run())
        .to.have.property('exitCode')
        .that.is.greaterThan(0);
    });
  }

  for (const warning of [
    'sudo: unable to resolve host n1: Name or service not known',
    // sudo 1.8.29 to 1.8.31 in a container.
    'sudo: setrlimit(RLIMIT_CORE): Operation not permitted',
    'sudo: unable to send audit message: Operation not permitted',
  ])
    it(`removes the warning ${JSON.stringify(warning)} from the output`, async () => {
      write('sudo', `cat > /dev/null; echo '${warning}' >&2; echo "squeue: error: busy" >&2`);
      expect(await run()).to.include({ exitCode: 0, stderr: 'squeue: error: busy\n' });
    });

  it('throws no SudoRefusedError if the command fails after a harmless warning of sudo', async () => {
    const lines = ['sudo: setrlimit(RLIMIT_CORE): Operation not permitted', 'slurm_load_jobs error: Unable to contact'];
    write('sudo', `cat > /dev/null; printf '%s\\n' '${lines.join("' '")}' >&2; exit 1`);
    expect(await run()).to.include({ exitCode: 1, stderr: `${lines[1]}\n` });
  });

  it('looks up the path of a command again if sudo does not find the command', async () => {
    let now = 0;
    const withoutSudo: Transport = { ...host, run: ({ runAs: _user, ...command }) => host.run(command) };
    const hostThen = withSudo(withoutSudo, () => now);
    const asAlice = (): Promise<CommandResult> =>
      hostThen.run({ program: 'sbatch', args: [], stdin: '', runAs: 'alice', timeoutMs: TIMEOUT_MS });
    write('sudo', 'shift 5; [ -x "$1" ] && exec "$1"; echo "sudo: $1: command not found" >&2; exit 1');
    mkdirSync(join(folder, 'new'));
    expect((await asAlice()).stdout).to.equal(`${folder}/sbatch\n`);

    renameSync(join(folder, 'sbatch'), join(folder, 'new', 'sbatch'));
    now = 59_000;
    for (let n = 0; n < 2; n += 1) expect(String(await rejection(asAlice()))).to.contain(`${folder}/sbatch`);
    now = 60_000;
    expect(await rejection(asAlice())).to.be.instanceOf(SudoRefusedError);
    expect((await asAlice()).stdout).to.equal(`${folder}/new/sbatch\n`);
  });

  it('distinguishes a missing command from a missing sudo', async () => {
    write('sudo', 'exit 0');
    expect(await rejection(run('absent'))).to.be.instanceOf(CommandNotFoundError);
    const bare = createLocalTransport({ path: folder, home: '/', user: 'ann', workingDirectory: folder });
    rmSync(join(folder, 'sudo'));
    const error = await rejection(
      bare.run({ program: `${folder}/sbatch`, args: [], runAs: 'alice', timeoutMs: TIMEOUT_MS }),
    );
    expect(error).to.be.instanceOf(CommandNotFoundError).and.have.property('program', 'sudo');
    await bare.close();
  });
});
