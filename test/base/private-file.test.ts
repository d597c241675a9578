// Private files on a full disk.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Replaces the file by one that is larger than a process with this limit can write. */
const REPLACE = `import { replaceByPrivateFile } from './src/base/private-paths.ts';
process.on('SIGXFSZ', () => undefined);
await replaceByPrivateFile(process.argv[1], 'x'.repeat(100_000)).then(() => 0, (error) => console.log(error.code));`;

describe('the replacement of a private file', () => {
  it('keeps the old file if the new file is too large to write', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'private-'));
    try {
      const file = join(folder, 'health.json');
      const limited = 'ulimit -f 8; echo old >"$2"; exec "$0" --import tsx --input-type=module -e "$1" "$2"';
      const { stdout } = await execute('bash', ['-c', limited, process.execPath, REPLACE, file]);

      expect(stdout).to.equal('EFBIG\n');
      expect(await readdir(folder)).to.deep.equal(['health.json']);
      expect(await readFile(file, 'utf8')).to.equal('old\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
