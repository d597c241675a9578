// What a configuration file may be: a message for anything else, before it is read and before its permissions are checked.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTrustedFile } from '../../src/assembly/refuse-untrusted-files.ts';
import { ConfigError } from '../../src/config/errors.ts';

describe('readTrustedFile (reads a configuration file)', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('rejects /dev/null with advice about an empty file, not about chmod', () => {
    expect(() => readTrustedFile('/dev/null'))
      .to.throw(ConfigError, '/dev/null:1:1: it is a device, not a file. For a configuration without settings')
      .with.property('message')
      .that.does.not.contain('chmod');
  });

  it('rejects a directory with the message "it is a directory, not a file"', () => {
    expect(() => readTrustedFile(folder)).to.throw(ConfigError, `${folder}:1:1: it is a directory, not a file`);
  });

  it('rejects a named pipe without waiting for a writer', () => {
    const pipe = join(folder, 'clearml.conf');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    expect(() => readTrustedFile(pipe)).to.throw(ConfigError, `${pipe}:1:1: it is a named pipe, not a file`);
  });

  it('returns the text of a file, or undefined for a missing file', () => {
    const file = join(folder, 'clearml.conf');
    writeFileSync(file, 'api { }', { mode: 0o600 });
    expect(readTrustedFile(file)).to.equal('api { }');
    expect(readTrustedFile(join(folder, 'none'))).to.equal(undefined);
    expect(readTrustedFile(join(file, 'none'))).to.equal(undefined);
  });
});
