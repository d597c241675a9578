// The built program on the oldest Node that it supports, and on each newer release line with long-term support.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { nodeBinary } from '../../build/package/node-binaries.ts';
import { NODE_VERSION } from '../../build/package/single-file.ts';
import { builtProgram } from '../support/built-program.ts';
import { requirePython } from '../support/skip-unless.ts';

const VERSIONS = ['20.19.0', '22.23.5', NODE_VERSION];

for (const version of VERSIONS) {
  describe(`Node.js ${version}`, () => {
    before(requirePython);

    let home: string;
    beforeEach(() => {
      home = mkdtempSync(join(tmpdir(), 'node-version-'));
    });
    afterEach(() => rmSync(home, { recursive: true }));

    function run(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
      const node = nodeBinary(version, 'x64');
      const env = { HOME: home, PATH: `${dirname(node)}:/usr/bin:/bin`, SLURM_CONF: '/nowhere/slurm.conf' };
      const { status, stdout, stderr } = spawnSync(node, [builtProgram(), ...args], { env, encoding: 'utf8' });
      return { status, output: stdout + stderr };
    }

    it('runs the demo command', () => {
      const { status, output } = run('demo');

      expect(status, output).to.equal(0);
      expect(output.trimEnd().split('\n').at(-1)).to.equal('demo: 3 tasks: 2 completed, 1 failed, 0 lost');
    });

    it('loads the ssh2 transport', () => {
      // The server and the cluster: nothing listens on this port.
      const conf = `api { api_server: "http://127.0.0.1:1", credentials { access_key: "a", secret_key: "b" } }
agent.slurm.clusters.far { host: "127.0.0.1", port: 1, user: "ada", provider: ssh2 }`;
      writeFileSync(join(home, 'clearml.conf'), conf, { mode: 0o600 });

      expect(run('doctor').output).to.match(/^✘ ssh +127\.0\.0\.1 is unreachable: nothing listens on port 1 of /m);
    });
  });
}
