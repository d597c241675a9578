// The transport contract, which each transport keeps with real processes: input, output, environment, and no process after the deadline.
import { expect } from 'chai';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CommandNotFoundError,
  CommandTimeoutError,
  ConnectionLostError,
  HostUnreachableError,
} from '../../src/transport/errors.ts';
import { writePrivateFile } from '../../src/transport/host-files.ts';
import type { Transport, Command } from '../../src/transport/transport.ts';
import { readUntrustedFile } from '../../src/transport/read-untrusted-file.ts';
import { killIfAlive } from '../support/job-processes.ts';
import { rejection } from '../support/rejection.ts';
import { TIMEOUT_MS, waitUntil } from '../support/wait-until.ts';
import { runPastDeadline } from './growing-deadline.ts';
import { patient } from './patient-transport.ts';

export interface HostUnderTest {
  /** Makes another host that starts its programs in the same folder. */
  open(variables?: Readonly<Record<string, string>>): Transport;
  /** Where its programs start; it belongs to the user they run as, and can be looked at from here. */
  readonly folder: string;
  readonly user: string;
  readonly home: string;
}

/** @param enter called once, before the tests */
export function describeHostContract(enter: () => Promise<HostUnderTest>): void {
  let place: HostUnderTest;
  let host: Transport;

  before(async () => {
    place = await enter();
    host = place.open();
  });

  after(() => host.close());

  function shell(script: string, more: Partial<Command> = {}): Command {
    return { program: 'sh', args: ['-c', script], timeoutMs: TIMEOUT_MS, ...more };
  }

  it('returns exit code, standard output and standard error', async () => {
    const result = await host.run(shell('echo out; echo err >&2; exit 3'));

    expect(result).to.deep.equal({ exitCode: 3, killedBy: undefined, stdout: 'out\n', stderr: 'err\n' });
  });

  it('adds nothing to the output of the program', async () => {
    expect(await host.run(shell('printf out; printf err >&2'))).to.include({ stdout: 'out', stderr: 'err' });
    expect(await host.run(shell(':'))).to.include({ stdout: '', stderr: '' });
  });

  it('replaces invalid UTF-8 bytes in binary output', async () => {
    const { stdout } = await host.run(shell(`printf 'a\\000b\\r\\n\\377\\033[1mc\\n\\n'`));

    expect(stdout).to.equal('a\0b\r\n\ufffd\x1b[1mc\n\n');
  });

  it('returns long output completely', async () => {
    const { stdout, stderr } = await host.run(shell('seq 200000; seq 100000 >&2'));

    expect(stdout.split('\n')).to.have.lengthOf(200_001);
    expect(stderr.split('\n')).to.have.lengthOf(100_001);
  });

  it('names the signal that ended a program', async () => {
    expect(await host.run(shell('kill -9 $$'))).to.include({ exitCode: undefined, killedBy: 'SIGKILL' });
  });

  it('passes arguments unchanged, without a shell', async () => {
    const args = ['$(touch pwned)', '`id`', 'a\'b"c', 'two words', '*', '', 'ü\n', '!!', '\\n', '-e', '%s', '#end'];
    const result = await host.run({ program: 'printf', args: ['%s|', ...args], timeoutMs: TIMEOUT_MS });

    expect(result.stdout).to.equal(args.map((arg) => `${arg}|`).join(''));
    expect(existsSync(join(place.folder, 'pwned'))).to.equal(false);
  });

  it('passes standard input unchanged and closes it', async () => {
    for (const stdin of [
      '',
      '\n',
      'no end',
      "it's\n\n",
      '\\n\\0 %s $HOME `id`\t\r\n',
      'a\0b\\0\0',
      '#end\n#begin',
      'ü',
    ]) {
      const { stdout } = await host.run({ program: 'cat', args: [], stdin, timeoutMs: TIMEOUT_MS });

      expect(stdout).to.equal(stdin);
    }
  });

  it("passes standard input that is longer than a pipe's buffer", async () => {
    const stdin = `${"ü'".repeat(200_000)}end`;
    const result = await host.run({ program: 'cat', args: [], stdin, timeoutMs: TIMEOUT_MS });

    expect(result.stdout === stdin).to.equal(true);
  });

  it('accepts a program that does not read its standard input', async () => {
    const result = await host.run({ program: 'true', args: [], stdin: 'x'.repeat(1_000_000), timeoutMs: TIMEOUT_MS });

    expect(result).to.deep.equal({ exitCode: 0, killedBy: undefined, stdout: '', stderr: '' });
  });

  it("returns each command's own output when many commands run at once", async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => String(index));
    const answers = await Promise.all(numbers.map((number) => host.run(shell(`echo ${number}; echo ${number} >&2`))));

    expect(answers.map(({ stdout }) => stdout.trim())).to.deep.equal(numbers);
    expect(answers.map(({ stderr }) => stderr.trim())).to.deep.equal(numbers);
  });

  it('omits the output of background processes of earlier commands', async () => {
    const printOn =
      'trap "" PIPE; n=0; while n=$((n + 1)); test $n -lt 200; do echo late; echo late >&2; sleep 0.01; done';
    const first = await host.run(shell(`{ ${printOn}; echo done > printed-on; } & echo first`));
    expect(first.stdout).to.contain('first\n');

    for (let number = 0; number < 20 || !existsSync(join(place.folder, 'printed-on')); number += 1) {
      expect(await host.run(shell(`echo ${number}; echo ${number} >&2`))).to.include({
        stdout: `${number}\n`,
        stderr: `${number}\n`,
      });
    }
  });

  it('passes only the environment variables that the caller names', async () => {
    process.env['LEAK_TEST_SECRET'] = 'secret';
    const own = place.open({ TZ: 'Asia/Tokyo', SLURM_CONF: "/it's here" });
    try {
      const { stdout } = await own.run({
        program: 'env',
        args: [],
        env: { SLURM_TIME_FORMAT: '%s' },
        timeoutMs: TIMEOUT_MS,
      });

      const lines = stdout.trim().split('\n').sort();
      expect(lines.filter((line) => !line.startsWith('PATH='))).to.deep.equal([
        `HOME=${place.home}`,
        'LANG=C.UTF-8',
        'LC_ALL=C.UTF-8',
        `LOGNAME=${place.user}`,
        "SLURM_CONF=/it's here",
        'SLURM_TIME_FORMAT=%s',
        'TZ=Asia/Tokyo',
        `USER=${place.user}`,
      ]);
    } finally {
      delete process.env['LEAK_TEST_SECRET'];
      await own.close();
    }
  });

  it('removes warnings about a missing locale C.UTF-8 from the standard error', async () => {
    const lines = [
      '/bin/bash: warning: setlocale: LC_ALL: cannot change locale (C.UTF-8)',
      'bash: warning: setlocale: LC_ALL: cannot change locale (C.UTF-8): No such file or directory',
      'perl: warning: Setting locale failed.',
      'perl: warning: Please check that your locale settings:',
      '\tLANGUAGE = (unset),',
      '\tLC_ALL = "C.UTF-8",',
      '\tLANG = "C.UTF-8"',
      '    are supported and installed on your system.',
      'perl: warning: Falling back to the standard locale ("C").',
    ];
    const printed = `cat <<'END' >&2\nbefore\n${lines.join('\n')}\nafter\nEND`;

    expect(await host.run(shell(printed))).to.include({ exitCode: 0, stderr: 'before\nafter\n' });
  });

  it('starts programs in the working directory', async () => {
    expect(await host.run({ program: 'pwd', args: [], timeoutMs: TIMEOUT_MS })).to.include({
      stdout: `${place.folder}\n`,
    });
  });

  it('names the program and the search path if the program is missing', async () => {
    const error = await rejection(host.run({ program: 'sbatchh', args: [], timeoutMs: TIMEOUT_MS }));

    expect(error).to.be.instanceOf(CommandNotFoundError);
    expect(error).to.include({ program: 'sbatchh', host: host.name });
    expect(error).to.have.property('searchPath').that.contains('/usr/bin:/bin');
  });

  it('reports a non-executable file as not found', async () => {
    const path = join(place.folder, 'sbatch');
    writeFileSync(path, '#!/bin/sh\n');
    chmodSync(path, 0o644);

    expect(await rejection(host.run({ program: path, args: [], timeoutMs: TIMEOUT_MS }))).to.be.instanceOf(
      CommandNotFoundError,
    );
  });

  it('returns each exit code of a program, such as 127 and 255, without an error', async () => {
    for (const exitCode of [98, 124, 126, 127, 140, 210, 255]) {
      expect(await host.run(shell(`exit ${String(exitCode)}`))).to.include({ exitCode, killedBy: undefined });
    }
  });

  it('kills a program and its children at the deadline and returns the output so far', async () => {
    const pidFile = join(place.folder, 'pid');
    const script = `echo 4711; echo why >&2; sleep 1000 & echo $! > ${pidFile}; wait`;
    // The output must have come here too: the program may begin just before the deadline, and that of an earlier run just after it.
    const hasBegun = (error: unknown): boolean =>
      error instanceof CommandTimeoutError &&
      `${error.stdout}${error.stderr}` === '4711\nwhy\n' &&
      existsSync(pidFile) &&
      readFileSync(pidFile, 'utf8') !== '';
    const { error, timeoutMs } = await runPastDeadline(
      (deadlineMs) => rejection(host.run(shell(script, { timeoutMs: deadlineMs }))),
      hasBegun,
    );

    expect(error).to.be.instanceOf(CommandTimeoutError);
    expect(error).to.include({ program: 'sh', timeoutMs, stdout: '4711\n', stderr: 'why\n' });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await waitUntil('the grandchild to be gone', () => !isAlive(pid));
  });

  it('runs another program after a program has exceeded its timeout', async () => {
    await rejection(host.run({ program: 'sleep', args: ['100'], timeoutMs: 200 }));

    expect(await host.run(shell('echo fine'))).to.include({ stdout: 'fine\n' });
  });

  it('throws the reason of the AbortSignal if a call is aborted while its program runs', async () => {
    const stop = new AbortController();
    const pidFile = join(place.folder, 'stopped-pid');
    const running = host.run({ ...shell(`echo $$ > ${pidFile}; exec sleep 60`), signal: stop.signal });
    const readPid = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0);
    await waitUntil('the program to run', () => readPid() > 0);
    const why = new Error('the daemon stops');
    stop.abort(why);

    expect(await rejection(running)).to.equal(why);
    // Over SSH, the program may run on, and sshd permits few sessions.
    killIfAlive(readPid());
  });

  it('starts no program if the AbortSignal is already aborted', async () => {
    const command = shell('touch ran', { signal: AbortSignal.abort(new Error('stopped')) });

    expect(await rejection(host.run(command))).to.have.property('message', 'stopped');
    expect(existsSync(join(place.folder, 'ran'))).to.equal(false);
  });

  it('throws a ConnectionLostError if a program never stops printing', async () => {
    const error = await rejection(host.run({ program: 'yes', args: ['x'.repeat(500)], timeoutMs: TIMEOUT_MS }));

    expect(error).to.be.instanceOf(ConnectionLostError);
  });

  it('throws a ConnectionLostError for running and later commands when the transport is closed', async () => {
    const own = place.open();
    await own.run(shell(':'));
    const running = rejection(own.run(shell('sleep 60')));
    await own.close();

    expect(await running).to.be.instanceOf(ConnectionLostError);
    expect(await rejection(own.run(shell('true')))).to.be.instanceOf(ConnectionLostError);
  });

  it('writes a file with mode 600', async () => {
    const path = join(place.folder, 'made', 'here', "job's conf");
    const text = `${'line\n'.repeat(30_000)}ü the end`;
    await writePrivateFile(host, path, text);

    expect(await host.run({ program: 'stat', args: ['-c', '%a %U', path], timeoutMs: TIMEOUT_MS })).to.include({
      stdout: `600 ${place.user}\n`,
    });
    expect(readFileSync(path, 'utf8') === text).to.equal(true);
  });

  it('reads the end of a file that the expected user owns, but rejects links and FIFOs', async () => {
    const file = join(place.folder, "job's log.out");
    await host.run(
      shell(`umask 077; printf 'the very end\\n' > "job's log.out"; ln -s "job's log.out" link; mkfifo fifo`),
    );
    const owner = Number((await host.run(shell('id -u'))).stdout);
    const read = async (path: string, user = owner): Promise<unknown> =>
      readUntrustedFile(patient(host), { path, owner: user }, { from: -9, max: 100 });

    expect(await read(file)).to.include({ kind: 'read', text: 'very end\n' });
    expect(await read(join(place.folder, 'nothing'))).to.include({ kind: 'unreadable' });
    for (const name of ['link', 'fifo', '.'])
      expect(await read(join(place.folder, name))).to.include({ kind: 'refused' });
    expect(await read(file, owner + 1)).to.include({ kind: 'refused' });
  });

  it('reports that the working directory, not the program, is missing', async () => {
    rmSync(place.folder, { recursive: true });
    try {
      const error = await rejection(host.run({ program: 'true', args: [], timeoutMs: TIMEOUT_MS }));

      expect(error).to.be.instanceOf(HostUnreachableError);
      expect(error.message).to.contain(place.folder);
    } finally {
      mkdirSync(place.folder);
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
