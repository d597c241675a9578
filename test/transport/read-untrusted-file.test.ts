// Reading a file of an untrusted user: in parts, and without following links.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { appendFile, chown, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { CommandTimeoutError } from '../../src/transport/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { createLocalTransport } from '../../src/transport/local-transport.ts';
import { readUntrustedFile, type ReadOutcome } from '../../src/transport/read-untrusted-file.ts';
import { requireRoot, requireShells } from '../support/skip-unless.ts';
import { patient } from './patient-transport.ts';

const ME = userInfo().uid;
const ALL = 1024 * 1024;
const APPLETS = ['sh', 'stat', 'readlink', 'dd', 'tail', 'head'];

function hostWith(path: string): Transport {
  return patient(createLocalTransport({ path, home: '/', user: 'root', workingDirectory: '/', variables: {} }));
}

for (const tools of ['this machine', 'busybox']) {
  describe(`the reader of untrusted files (tools of ${tools})`, () => {
    let host: Transport;
    let folder: string;
    let file: string;

    before(requireShells);
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'files-'));
      file = join(folder, 'a file');
      await writeFile(file, 'héllo\n');
      host = hostWith(tools === 'busybox' ? busyboxOnly(folder) : (process.env['PATH'] ?? '/usr/bin:/bin'));
    });
    afterEach(async () => {
      await host.close();
      await rm(folder, { recursive: true });
    });

    function read(from: number, { path = file, owner = ME, max = ALL } = {}): Promise<ReadOutcome> {
      return readUntrustedFile(host, { path, owner }, { from, max });
    }

    it('reads a file in consecutive parts without a gap', async () => {
      expect(await read(0)).to.deep.equal({ kind: 'read', text: 'héllo\n', start: 0, end: 7 });

      expect(await read(7)).to.deep.equal({ kind: 'read', text: '', start: 7, end: 7 });
      await appendFile(file, 'more');
      expect(await read(7)).to.deep.equal({ kind: 'read', text: 'more', start: 7, end: 11 });
    });

    it('reads the last three bytes at offset -3, and the whole of a short file at offset -100', async () => {
      expect(await read(-3)).to.include({ text: 'lo\n', end: 7 });
      expect(await read(-100)).to.include({ text: 'héllo\n', start: 0, end: 7 });
    });

    it('starts at the beginning if the offset is beyond the end of the file', async () => {
      expect(await read(5000)).to.include({ text: 'héllo\n', end: 7 });
    });

    it('returns exactly the requested bytes, at any offset', async () => {
      const text = Array.from({ length: 3_000 }, (_, line) => `line ${line}\n`).join('');
      await writeFile(file, text);

      for (const from of [0, 1, 4095, 4096, 4097, 9_000, text.length - 1]) {
        expect(await read(from), `from ${from}`).to.include({ text: text.slice(from), end: text.length });
        expect(await read(from, { max: 10 })).to.include({ text: text.slice(from, from + 10) });
      }
    });

    it('reads the end of a very large file', async () => {
      await truncate(file, 1024 ** 4);
      await appendFile(file, 'the end');

      expect(await read(-7)).to.include({ text: 'the end', end: 1024 ** 4 + 7 });
    });

    it('reports a missing file as unreadable', async () => {
      expect(await read(0, { path: join(folder, 'none') })).to.deep.equal({ kind: 'unreadable' });
    });

    const secret = (): string => {
      const path = join(folder, 'clearml.conf');
      writeFileSync(path, 'secret_key = hunter22');
      return path;
    };
    const inFolder = (make: (path: string) => void): string => {
      const path = join(folder, 'slurm-7.out');
      make(path);
      return path;
    };
    const HOSTILE: Readonly<Record<string, { readonly path: () => string; readonly why: string }>> = {
      'a link to a secret': { path: () => inFolder((path) => symlinkSync(secret(), path)), why: 'symbolic link' },
      'a dangling link': { path: () => inFolder((path) => symlinkSync('/nope', path)), why: 'symbolic link' },
      'a hard link to a secret': { path: () => inFolder((path) => linkSync(secret(), path)), why: 'hard link' },
      'a FIFO': { path: () => inFolder((path) => execFileSync('mkfifo', [path])), why: 'not a regular file' },
      'a directory': { path: () => inFolder((path) => mkdirSync(path)), why: 'not a regular file' },
      '/dev/zero': { path: () => '/dev/zero', why: 'not a regular file' },
      '/proc/PID/environ': { path: () => `/proc/${process.pid}/environ`, why: '/proc' },
      '/proc/PID/environ behind a linked directory': {
        path: () => {
          symlinkSync(`/proc/${process.pid}`, join(folder, 'logs'));
          return join(folder, 'logs', 'environ');
        },
        why: '/proc',
      },
    };
    for (const [what, { path, why }] of Object.entries(HOSTILE)) {
      it(`rejects ${what} (S-61)`, async () => {
        const answer = await read(0, { path: path() });

        expect(answer.kind).to.equal('refused');
        expect(answer.kind === 'refused' ? answer.why : '').to.include(why);
      });
    }

    it('rejects a file that does not belong to the expected user (S-61)', async () => {
      expect(await read(0, { owner: ME + 1 })).to.deep.include({
        kind: 'refused',
        why: 'does not belong to the user of the job',
      });
    });

    describe('as root', () => {
      before(requireRoot);

      it('reads a file of the expected user, but rejects links and files of root', async () => {
        await chown(file, 4242, 4242);
        const link = inFolder((path) => symlinkSync(file, path));

        expect(await read(0, { owner: 4242 })).to.include({ kind: 'read', text: 'héllo\n' });
        expect(await read(0, { path: secret(), owner: 4242 })).to.include({ kind: 'refused' });
        expect(await read(0, { path: link, owner: 4242 })).to.include({ kind: 'refused' });
      });
    });
  });
}

it('the reader of untrusted files reports a timeout as "too slow", not as "unreadable"', async () => {
  const host: Transport = {
    name: 'a slow machine',
    run: ({ program, timeoutMs }) => Promise.reject(new CommandTimeoutError(program, timeoutMs, '', '')),
    close: () => Promise.resolve(),
  };

  expect(await readUntrustedFile(host, { path: '/a', owner: ME }, { from: 0, max: 1 })).to.deep.equal({
    kind: 'too slow',
  });
});

/** A folder in which busybox is all programs that the reading may use. */
function busyboxOnly(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  for (const applet of APPLETS) symlinkSync(busybox, join(bin, applet));
  return bin;
}
