// As whom a template is checked with sbatch: the user of the daemon may have no Slurm account if no job runs as this user.
import { expect } from 'chai';
import { findTestUser } from '../../src/assembly/open-user-map.ts';
import { checkForErrors } from '../../src/lint/check-with-bash-and-sbatch.ts';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { HostUnreachableError, SudoRefusedError } from '../../src/transport/errors.ts';
import type { Command, Transport } from '../../src/transport/transport.ts';

const PASSWD =
  'alice:x:1001:1001::/home/alice:/bin/sh\nbob:x:1002:1002::/home/bob:/bin/sh\nroot:x:0:0::/root:/bin/sh\n';

const BLOCKS = '${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

/** A login node on which the daemon runs as `clearml`. */
function hostWith(respond: (command: Command) => string = () => `1003:clearml\n${PASSWD}`): Transport {
  return {
    name: 'login1',
    // A throwing `respond` rejects.
    run: (command) =>
      Promise.resolve().then(() => ({ exitCode: 0, killedBy: undefined, stdout: respond(command), stderr: '' })),
    close: () => Promise.resolve(),
  };
}

describe('the sbatch check of a template', () => {
  for (const [what, userMap, expected] of [
    ["runs as the daemon's user without a user map", {}, undefined],
    ["runs as a mapped user if no job runs as the daemon's user", { b2: 'bob', a1: 'alice' }, 'bob'],
    ["runs as the daemon's user if some jobs run as that user", { a1: 'alice', default: 'clearml' }, undefined],
    ['does not run as root, even if the user map names root', { a1: 'root', b2: 'bob' }, 'bob'],
  ] as const) {
    it(what, async () => {
      expect(await findTestUser(hostWith(), { userMap, minUid: 1000 })).to.equal(expected);
    });
  }

  it("runs as the daemon's user if the users of the login node cannot be read", async () => {
    const host = hostWith(() => {
      throw new HostUnreachableError('no route to login1');
    });
    expect(await findTestUser(host, { userMap: { a1: 'alice' }, minUid: 1000 })).to.equal(undefined);
  });

  it('is skipped while sudo refuses to run sbatch as the mapped user, and lint reports why', async () => {
    const { parsed } = lintTemplate('gpu.template', `#!/bin/bash\n#SBATCH --nodes=1\n${BLOCKS}`);
    const cluster = hostWith(({ program, runAs: user }) => {
      if (user === undefined) return '';
      throw new SudoRefusedError({ program, user, host: 'login1', why: 'a password is required' });
    });
    const { findings, unchecked } = await checkForErrors(parsed, {
      here: hostWith(() => ''),
      cluster,
      sbatch: 'sbatch',
      runAs: 'alice',
    });
    expect(findings).to.deep.equal([]);
    expect(unchecked).to.have.length(1);
    expect(unchecked[0]).to.contain('sudo refused sbatch as alice');
  });
});
