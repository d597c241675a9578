// A command as a shell on another machine receives it: run completely or not at all, by every sh and every login shell.
import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFrame } from '../../src/transport/output-frame.ts';
import type { Command } from '../../src/transport/transport.ts';
import {
  TRUNCATED_SCRIPT_EXIT_CODE,
  remoteScript,
  remoteCommand,
  scriptBlock,
} from '../../src/transport/remote-script.ts';
import { requireShells } from '../support/skip-unless.ts';
import { TIMEOUT_MS } from '../support/wait-until.ts';

const TOKEN = 'aaaaaaaaaaaaaaaaaaaaaaaa';
const NONCE = 'bbbbbbbbbbbbbbbbbbbbbbbb';

/** The shells that are /bin/sh somewhere: by that name they behave otherwise than by their own. */
const POSIX_SHELLS = ['dash', 'bash', 'busybox'];
const LOGIN_SHELLS = ['sh', 'bash', 'dash', 'tcsh', 'fish'];

describe('the script for a remote command', () => {
  before(requireShells);

  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'remote-script-'));
    for (const shell of POSIX_SHELLS) {
      mkdirSync(join(folder, shell));
      symlinkSync(execFileSync('which', [shell], { encoding: 'utf8' }).trim(), shPath(shell));
    }
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function blockFor(command: Partial<Command>): Buffer {
    const whole = { program: 'tee', args: ['ran'], timeoutMs: TIMEOUT_MS, ...command };
    return Buffer.from(scriptBlock(remoteScript(whole, { workingDirectory: folder }, NONCE), TOKEN));
  }

  function shPath(shell: string): string {
    return join(folder, shell, 'sh');
  }

  /** As sshd does it: the login shell is given one word. */
  function runLoginShell(
    shell: string,
    word: string,
    input: Buffer,
    env = process.env,
  ): { exitCode: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(shell, ['-c', word], { input, encoding: 'utf8', env });
    return { exitCode: status, stdout, stderr };
  }

  /** The same, with this shell in place of /bin/sh. */
  function runPosixShell(posixShell: string, input: Buffer, env = process.env): ReturnType<typeof runLoginShell> {
    return runLoginShell('/bin/sh', remoteCommand(TOKEN).replaceAll('/bin/sh', shPath(posixShell)), input, env);
  }

  const hostile = "it's $(touch pwned) `touch pwned` \\n \\' \" !! ~ * \r\n#end\n";

  for (const shell of LOGIN_SHELLS) {
    it(`passes arguments and input unchanged with ${shell} as the login shell`, () => {
      const block = blockFor({
        program: 'sh',
        args: ['-c', 'cat; printf "%s|" "$@"; exit 3', 'sh', hostile, ''],
        stdin: hostile,
      });
      const { exitCode, stdout, stderr } = runLoginShell(shell, remoteCommand(TOKEN), block);

      expect(exitCode).to.equal(0);
      expect(parseFrame(NONCE, stdout, stderr)).to.deep.equal({
        kind: 'ended',
        exitCode: 3,
        stdout: `${hostile}${hostile}||`,
        stderr: '',
      });
      expect(existsSync(join(folder, 'pwned'))).to.equal(false);
    });
  }

  for (const shell of POSIX_SHELLS) {
    it(`passes any text unchanged through ${shell}`, () => {
      fc.assert(
        fc.property(
          fc.string({ unit: 'grapheme', maxLength: 200 }),
          fc.string({ unit: 'binary-ascii' }),
          (word, stdin) => {
            const arg = word.replaceAll('\0', '');
            const block = blockFor({ program: 'sh', args: ['-c', 'cat; printf "|%s" "$1"', 'sh', arg], stdin });
            const { stdout, stderr } = runPosixShell(shell, block);

            expect(parseFrame(NONCE, stdout, stderr)).to.deep.include({
              kind: 'ended',
              stdout: `${stdin}|${arg}`,
              stderr: '',
            });
          },
        ),
        { numRuns: 40 },
      );
    });

    it(`passes any error output unchanged through ${shell}`, () => {
      const unit = fc.constantFrom('a', ' ', '\t', '\n', '\\', '%s', '*', '[', 'À', 'Ё', '語', '\u001B');
      fc.assert(
        fc.property(fc.string({ unit, maxLength: 20 }), (stdin) => {
          const block = blockFor({ program: 'sh', args: ['-c', 'cat >&2; exit 3'], stdin });
          const { stdout, stderr } = runPosixShell(shell, block);

          expect(parseFrame(NONCE, stdout, stderr)).to.deep.include({ kind: 'ended', exitCode: 3, stderr: stdin });
        }),
        { numRuns: 40, examples: [[''], ['\n'], ['a\nb'], [' \\a\n'], ['À'.repeat(2_000)]] },
      );
    });

    it(`runs no command from the working directory even if PATH contains "." (${shell})`, () => {
      writeFileSync(join(folder, 'printenv'), '#!/bin/sh\necho shadowed\n', { mode: 0o755 });
      const env = { ...process.env, PATH: '.:/usr/local/bin::/usr/bin:/bin:bin' };
      const { stdout, stderr } = runPosixShell(shell, blockFor({ program: 'printenv', args: ['PATH'] }), env);

      expect(parseFrame(NONCE, stdout, stderr)).to.deep.include({ stdout: '/usr/local/bin:/usr/bin:/bin\n' });
    });

    it(`does not run the command if the script is truncated at any byte (${shell})`, () => {
      const block = blockFor({ stdin: '#!/bin/bash\nrm -rf /scratch/job-4711\n' });
      const anyCut = fc.integer({ min: 0, max: block.length - 1 });
      fc.assert(
        fc.property(anyCut, (length) => {
          const { exitCode, stdout } = runPosixShell(shell, block.subarray(0, length));

          expect(existsSync(join(folder, 'ran'))).to.equal(false);
          expect(stdout).not.to.contain(NONCE);
          expect(exitCode).to.equal(length === 0 ? 0 : TRUNCATED_SCRIPT_EXIT_CODE);
        }),
        { numRuns: 60, examples: [[0], [1], [TOKEN.length], [block.length - 1], [block.length - 2]] },
      );
      runPosixShell(shell, block);
      expect(existsSync(join(folder, 'ran'))).to.equal(true);
    });

    it(`does not run the command if the beginning of the script is missing (${shell})`, () => {
      const block = blockFor({ stdin: 'touch ran\n'.repeat(20) });
      fc.assert(
        fc.property(fc.integer({ min: 1, max: block.length - 1 }), (from) => {
          runPosixShell(shell, block.subarray(from));

          expect(existsSync(join(folder, 'ran'))).to.equal(false);
        }),
        { numRuns: 30 },
      );
    });

    it(`runs a command in the directory "v=1", which looks like an assignment (${shell})`, () => {
      const binDir = join(folder, 'v=1');
      mkdirSync(binDir);
      writeFileSync(join(binDir, 'sbatch'), '#!/bin/sh\necho "4711 $1"\n', { mode: 0o755 });
      const command = { program: 'sbatch', args: ['--parsable'], timeoutMs: TIMEOUT_MS };
      const { stdout, stderr } = runPosixShell(
        shell,
        Buffer.from(scriptBlock(remoteScript(command, { binDir }, NONCE), TOKEN)),
      );

      expect(parseFrame(NONCE, stdout, stderr)).to.deep.include({
        kind: 'ended',
        exitCode: 0,
        stdout: '4711 --parsable\n',
      });
    });

    it(`runs the command on a host that lacks timeout(1) and the iflag of dd (${shell})`, () => {
      const bin = join(folder, 'bin');
      mkdirSync(bin);
      for (const name of ['env', 'cat', 'tee'])
        symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(bin, name));
      writeFileSync(join(bin, 'dd'), '#!/bin/sh\ncase $* in *iflag*) exit 1; esac\nPATH=/usr/bin:/bin exec dd "$@"\n', {
        mode: 0o755,
      });
      const blocks = Buffer.concat([blockFor({ stdin: 'a' }), blockFor({ stdin: 'b' })]);
      const { stdout } = runPosixShell(shell, blocks, { PATH: bin });

      expect(stdout.match(/^[ab]|exit 0/gm)).to.deep.equal(['a', 'exit 0', 'b', 'exit 0']);
    });

    it(`lets the next script run if the program of the command is missing (${shell})`, () => {
      const missing = blockFor({ program: 'sbatchh', args: [] });
      const { stdout } = runPosixShell(
        shell,
        Buffer.concat([missing, blockFor({ stdin: 'a' }), blockFor({ stdin: 'b' })]),
      );

      expect(stdout.match(/no-program|exit 0/g)).to.deep.equal(['no-program', 'exit 0', 'exit 0']);
    });
  }

  it('gives the command only HOME, USER, LOGNAME, PATH, a UTF-8 locale and the named variables', () => {
    const command = { program: 'env', args: [], timeoutMs: TIMEOUT_MS, env: { SLURM_TIME_FORMAT: '%s' } };
    const context = { binDir: "/opt/it's slurm/bin", variables: { SLURM_CONF: '/etc/a b.conf' } };
    const { stdout } = spawnSync('/bin/sh', ['-c', remoteCommand(TOKEN)], {
      input: scriptBlock(remoteScript(command, context, NONCE), TOKEN),
      env: { HOME: '/h', USER: 'ann', PATH: '/usr/bin:/bin', SBATCH_EXPORT: 'ALL', SECRET: 'x', LANG: 'de_DE' },
      encoding: 'utf8',
    });

    expect(parseFrame(NONCE, stdout, stdout))
      .to.have.property('stdout')
      .that.satisfies((text: string) => {
        expect(text.trim().split('\n').sort()).to.deep.equal([
          'HOME=/h',
          'LANG=C.UTF-8',
          'LC_ALL=C.UTF-8',
          'LOGNAME=ann',
          "PATH=/opt/it's slurm/bin:/usr/bin:/bin",
          'SLURM_CONF=/etc/a b.conf',
          'SLURM_TIME_FORMAT=%s',
          'USER=ann',
        ]);
        return true;
      });
  });

  it('is not created if a variable name contains shell code', () => {
    const command = { program: 'true', args: [], timeoutMs: TIMEOUT_MS, env: { 'A;touch ran;B': '1' } };

    expect(() => remoteScript(command, {}, NONCE)).to.throw('"A;touch ran;B" is not a variable name');
  });

  it('keeps the command out of the line that the login shell parses', () => {
    expect(remoteCommand(TOKEN)).to.match(/^\/bin\/sh -c '[^'\\!\n]*' sh a{24} '[^'\\!\n]*'$/);
  });
});
