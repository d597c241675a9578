// The program in a real terminal: it wraps messages between words, and restores the terminal after Ctrl-C.
import { expect } from 'chai';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { builtProgram } from '../support/built-program.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openCliWithStandIns } from './cli-with-stand-ins.ts';
import { openCli } from './open-cli.ts';

interface InTerminal {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | null>;
  readonly seen: () => string;
}

/** Starts the program as a shell in a terminal of this width does. */
function inTerminal(columns: number, words: string, environment: Readonly<Record<string, string>>): InTerminal {
  const line = `stty cols ${columns} rows 24; exec ${process.execPath} ${builtProgram()} ${words}`;
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TERM: 'xterm', ...environment },
    cwd: resolve('.'),
  });
  let seen = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (seen += chunk.toString().replaceAll('\r', '')));
  return { child, ended: once(child, 'close').then(() => child.exitCode), seen: () => seen };
}

describe('the program in a terminal', () => {
  it('wraps an error message between words', async () => {
    await using cli = await openCli();

    const { ended, seen } = inTerminal(50, 'status', { HOME: cli.folder });

    expect(await ended).to.equal(78);
    const lines = seen().trimEnd().split('\n');
    expect(lines.length).to.be.above(3);
    expect(lines.filter((line) => line.length > 50 && line.includes(' '))).to.deep.equal([]);
    const piped = await cli.run('status');
    expect(`${lines.join(' ')}\n`).to.equal(piped.stderr);
  });

  it('restores the terminal when Ctrl-C ends status --watch', async () => {
    await using cli = await openCliWithStandIns();
    const { child, ended, seen } = inTerminal(80, `status --watch --config-file ${cli.folder}/clearml.conf`, {
      HOME: cli.folder,
    });
    await waitUntil('the first poll', () => seen().includes('No active tasks.'), {
      hopeless: () => (child.exitCode === null ? undefined : `script ended with exit code ${child.exitCode}`),
      evidence: seen,
    });

    child.stdin.write('\x03');

    expect(await ended, seen()).to.equal(0);
    expect(seen()).to.not.match(/\bbug\b/);
    expect(seen()).to.match(/\x1b\[\?1049l.*Updated at [\d:]+ UTC/s);
  });

  it('escapes control characters in an error message', async () => {
    await using cli = await openCli();
    const evil = String.raw`$(printf '\033]0;title\007\033[2J\342\200\256')`;

    const { ended, seen } = inTerminal(200, `status --config-file ${cli.folder}/${evil}`, { HOME: cli.folder });

    expect(await ended).to.not.equal(0);
    expect(seen()).to.include(String.raw`\u001b]0;title\u0007\u001b[2J\u202e`);
    expect(seen()).to.not.match(/\x1b|\x07|\u202e/);
  });
});
