// The probe of a node, run by bash in a directory with files of other users that are named like Python modules.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { probeScript, parseProbe } from '../../src/doctor/node-script.ts';
import { requirePython } from '../support/skip-unless.ts';

describe("doctor's script on a node", () => {
  let folder: string;
  before(requirePython);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'probe-'));
    mkdirSync(join(folder, 'tmp'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('imports no Python module from the working directory, and leaves no file in TMPDIR', () => {
    const canary = join(folder, 'canary');
    for (const name of ['encodings', 'sitecustomize', 'urllib', 'venv', 'ensurepip', 'clearml_agent', 'pip'])
      writeFileSync(join(folder, `${name}.py`), `import posix\nposix.mkdir(${JSON.stringify(canary)})\n`);
    const script = probeScript({
      place: { partition: undefined, account: undefined, qos: undefined },
      outputFile: '/unused.log',
      apiServer: 'http://127.0.0.1:9',
      verifiesCertificate: true,
      python: undefined,
      sharedDir: undefined,
      // A container that sees what the node has.
      container: { image: 'any', command: ['env'], showsConfiguration: false, borrowsAgent: false },
    });
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: folder, TMPDIR: join(folder, 'tmp'), SLURM_JOB_ID: '1' };
    for (const path of [{}, { PYTHONPATH: ':' }]) {
      const found = parseProbe(
        execFileSync('bash', ['-c', script], { cwd: folder, env: { ...env, ...path }, encoding: 'utf8' }),
      );
      expect(existsSync(canary), `run with ${JSON.stringify(path)}`).to.equal(false);
      expect(found?.python).to.match(/^3\./);
      expect(found?.container.python).to.match(/^3\./);
    }
    expect(readdirSync(join(folder, 'tmp'))).to.deep.equal([]);
  });
});
